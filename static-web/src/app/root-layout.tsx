import { Outlet } from "@tanstack/react-router";
import { lazy, Suspense } from "react";

/** Here before anything can go wrong or be undone, and not before the page. */
const Toaster = lazy(() => import("@/ui/toaster").then((module) => ({ default: module.Toaster })));

export function RootLayout() {
  return (
    <>
      <Outlet />
      <Suspense fallback={null}>
        <Toaster />
      </Suspense>
    </>
  );
}
