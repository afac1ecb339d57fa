import { useEffect } from "react";

/** Names the page in the window's title; what is named `null` is not known yet. */
export function usePageTitle(title: string | null): void {
  useEffect(() => {
    document.title = title === null || title === "" ? "Azimuth" : `${title} · Azimuth`;
  }, [title]);
}
