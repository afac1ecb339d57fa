import { useRouter } from "@tanstack/react-router";
import { useEffect, useState } from "react";

/**
 * A page that is changed by script tells nobody: the focus goes to its heading, or the title
 * is spoken. A page that has taken the focus itself, such as a composer, keeps it.
 */
export function RouteFocus() {
  const router = useRouter();
  const [spoken, setSpoken] = useState("");

  useEffect(() => {
    let left: Element | null = document.activeElement;
    const offNavigate = router.subscribe("onBeforeNavigate", () => {
      left = document.activeElement;
    });
    const offRendered = router.subscribe("onRendered", ({ fromLocation, toLocation }) => {
      if (fromLocation === undefined || fromLocation.pathname === toLocation.pathname || toLocation.hash !== "") return;
      requestAnimationFrame(() => {
        const main = document.getElementById("main") ?? document.querySelector("main");
        if (main === null || main.contains(document.activeElement)) return;
        // While the page was loading the person went on to something else.
        const active = document.activeElement;
        if (active !== null && active !== document.body && active !== left) return;
        const heading = main.querySelector<HTMLElement>("h1");
        if (heading !== null && heading.textContent !== "") {
          heading.tabIndex = -1;
          heading.style.outline = "none";
          heading.focus({ preventScroll: true });
          setSpoken("");
          return;
        }
        main.tabIndex = -1;
        main.focus({ preventScroll: true });
        setSpoken(document.title);
      });
    });
    return () => {
      offNavigate();
      offRendered();
    };
  }, [router]);

  return (
    <div aria-live="polite" className="sr-only">
      {spoken}
    </div>
  );
}
