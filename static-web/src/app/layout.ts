/** How much of the frame is shown: the sidebar's width, the drawer of small screens. */
import { useSyncExternalStore } from "react";
import { create } from "zustand";

const KEY = "azimuth.sidebar";

interface LayoutState {
  /** Only icons; remembered in this browser. */
  collapsed: boolean;
  /** The drawer of small screens. */
  drawerOpen: boolean;
  setCollapsed(collapsed: boolean): void;
  setDrawerOpen(open: boolean): void;
}

export const useLayout = create<LayoutState>((set) => ({
  collapsed: localStorage.getItem(KEY) === "collapsed",
  drawerOpen: false,
  setCollapsed(collapsed) {
    if (collapsed) localStorage.setItem(KEY, "collapsed");
    else localStorage.removeItem(KEY);
    set({ collapsed });
  },
  setDrawerOpen: (drawerOpen) => set({ drawerOpen }),
}));

const narrow = window.matchMedia("(width < 48rem)");

/** Whether the sidebar is a drawer. */
export function useNarrow(): boolean {
  return useSyncExternalStore(
    (changed) => {
      narrow.addEventListener("change", changed);
      return () => narrow.removeEventListener("change", changed);
    },
    () => narrow.matches,
  );
}
