import { Outlet } from "@tanstack/react-router";
import { createContext, lazy, Suspense, useContext, useEffect, useState, type ReactNode } from "react";

import { useTranslation } from "@/i18n/use-translation";
import { SkeletonList } from "@/ui/skeleton";

import { useStoredAppearance } from "./appearance";
import { useLayout, useNarrow } from "./layout";
import { TopBar } from "./top-bar";

/** Beside the page, not before it. */
const Sidebar = lazy(() => import("@/features/sidebar/sidebar").then((module) => ({ default: module.Sidebar })));
const Rail = lazy(() => import("@/features/sidebar/rail").then((module) => ({ default: module.Rail })));
const FrameExtras = lazy(() => import("./frame-extras").then((module) => ({ default: module.FrameExtras })));
const Banners = lazy(() => import("./banners").then((module) => ({ default: module.Banners })));
const Drawer = lazy(() => import("@/ui/drawer").then((module) => ({ default: module.Drawer })));

const InShell = createContext(false);

/** Whether the frame is around already. */
export const useInShell = () => useContext(InShell);

/** The frame of every signed-in page. */
export function Shell({ children }: { children?: ReactNode }) {
  const { t } = useTranslation();
  const narrow = useNarrow();
  useStoredAppearance();
  return (
    <InShell value>
      <div className="flex h-dvh flex-col">
        <a
          href="#main"
          className="sr-only z-50 rounded-control bg-raised p-3 shadow-overlay focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
        >
          {t("skip_to_content")}
        </a>
        <Suspense fallback={null}>
          <Banners />
        </Suspense>
        <div className="flex min-h-0 flex-1">
          {!narrow && <Side />}
          <div className="flex min-w-0 flex-1 flex-col">
            {narrow && <TopBar />}
            <main id="main" tabIndex={-1} className="flex min-h-0 min-w-0 flex-1 flex-col bg-surface outline-none">
              {children ?? <Outlet />}
            </main>
          </div>
        </div>
      </div>
      {narrow && <SideDrawer />}
      <Suspense fallback={null}>
        <FrameExtras />
      </Suspense>
    </InShell>
  );
}

function Side() {
  const { t } = useTranslation();
  const collapsed = useLayout((state) => state.collapsed);
  const setCollapsed = useLayout((state) => state.setCollapsed);
  return (
    <aside
      aria-label={t("nav.sidebar")}
      className={collapsed ? "w-14 shrink-0 border-r border-line" : "w-72 shrink-0 border-r border-line"}
    >
      <Suspense fallback={<SkeletonList className="p-3" />}>
        {collapsed ? <Rail onExpand={() => setCollapsed(false)} /> : <Sidebar onCollapse={() => setCollapsed(true)} />}
      </Suspense>
    </aside>
  );
}

function SideDrawer() {
  const { t } = useTranslation();
  const open = useLayout((state) => state.drawerOpen);
  const setOpen = useLayout((state) => state.setDrawerOpen);
  const [wasOpened, setWasOpened] = useState(false);
  useEffect(() => {
    if (open) setWasOpened(true);
  }, [open]);
  // A drawer has no meaning on a wider screen.
  useEffect(() => () => setOpen(false), [setOpen]);
  if (!wasOpened) return null;
  return (
    <Suspense fallback={null}>
      <Drawer open={open} onOpenChange={setOpen} title={t("nav.menu")}>
        <Sidebar />
      </Drawer>
    </Suspense>
  );
}
