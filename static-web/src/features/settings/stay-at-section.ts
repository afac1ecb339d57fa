import { useLocation } from "@tanstack/react-router";
import { useEffect, type RefObject } from "react";

const TAKES_OVER = ["wheel", "pointerdown", "keydown", "touchstart"] as const;

/** Keeps the section that was asked for where it was brought while those above it still load, until the person moves. */
export function useStayAtSection(scroller: RefObject<HTMLElement | null>): void {
  const hash = useLocation({ select: (location) => location.hash });
  useEffect(() => {
    const box = scroller.current;
    const content = box?.firstElementChild;
    if (box === null || content == null || hash === "") return;
    const observer = new ResizeObserver(() => document.getElementById(hash)?.scrollIntoView());
    const stop = () => observer.disconnect();
    observer.observe(content);
    for (const kind of TAKES_OVER) window.addEventListener(kind, stop, { once: true, passive: true });
    return () => {
      stop();
      for (const kind of TAKES_OVER) window.removeEventListener(kind, stop);
    };
  }, [scroller, hash]);
}
