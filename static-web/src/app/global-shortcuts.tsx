import { useNavigate, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef } from "react";

import { begin } from "./begin";
import { useLayout, useNarrow } from "./layout";
import { useOverlays } from "./overlays";
import { useShortcut } from "./shortcuts/use-shortcut";

const Palette = lazy(() => import("./palette/palette").then((module) => ({ default: module.Palette })));
const ShortcutList = lazy(() => import("./shortcuts/shortcut-list").then((module) => ({ default: module.ShortcutListDialog })));

/** The keys that work on every page, and what they open. */
export function GlobalShortcuts() {
  const navigate = useNavigate();
  const narrow = useNarrow();
  const { open, show } = useOverlays();
  const pathname = useRouterState({ select: (state) => state.location.pathname });

  useShortcut("palette", () => show("palette"));
  useShortcut("list", () => show("shortcuts"));
  useShortcut("new_chat", () => begin(() => navigate({ to: "/c" })));
  useShortcut("sidebar", () => {
    const { collapsed, setCollapsed, setDrawerOpen } = useLayout.getState();
    if (narrow) setDrawerOpen(true);
    else setCollapsed(!collapsed);
  });

  const shownOn = useRef(pathname);
  useEffect(() => {
    if (shownOn.current === pathname) return;
    shownOn.current = pathname;
    useLayout.getState().setDrawerOpen(false);
    show(null);
  }, [pathname, show]);

  return (
    <Suspense fallback={null}>
      {open === "palette" && <Palette onClose={() => show(null)} />}
      {open === "shortcuts" && <ShortcutList onClose={() => show(null)} />}
    </Suspense>
  );
}
