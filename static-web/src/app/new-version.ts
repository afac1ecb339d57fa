/** An open tab outlives a deployment: it is told, and never reloaded without a word. */
import { useEffect } from "react";

import { useTranslation } from "@/i18n/use-translation";
import { toast } from "@/ui/toast";

const EVERY_MS = 3_600_000;
/** Coming back to the tab looks too, but not each time. */
const AT_LEAST_MS = 300_000;

/** The entry script that a page loads, such as `/assets/index-B2x9.js`. */
export function entryOf(html: string): string | null {
  return /<script[^>]+type="module"[^>]+src="([^"]+)"/.exec(html)?.[1] ?? null;
}

export function useNewVersion(): void {
  const { t } = useTranslation();
  useEffect(() => {
    if (!import.meta.env.PROD) return;
    const own = document.querySelector<HTMLScriptElement>('script[type="module"][src]')?.getAttribute("src") ?? null;
    let last = Date.now();
    let told = false;
    const tell = () => {
      if (told) return;
      told = true;
      toast(t("update.available"), { label: t("update.reload"), run: () => location.reload() }, { stays: true });
    };
    const look = async () => {
      if (told || document.hidden || Date.now() - last < AT_LEAST_MS) return;
      last = Date.now();
      try {
        const response = await fetch("/index.html", { cache: "no-store" });
        const entry = response.ok ? entryOf(await response.text()) : null;
        if (entry !== null && entry !== own) tell();
      } catch {
        // No network: the next look will tell.
      }
    };
    const timer = setInterval(() => void look(), EVERY_MS);
    const onFocus = () => void look();
    // A part of the old version that is not on the server any more.
    const onMissing = () => tell();
    window.addEventListener("focus", onFocus);
    window.addEventListener("vite:preloadError", onMissing);
    return () => {
      clearInterval(timer);
      window.removeEventListener("focus", onFocus);
      window.removeEventListener("vite:preloadError", onMissing);
    };
  }, [t]);
}
