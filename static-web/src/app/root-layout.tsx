import { Outlet } from "@tanstack/react-router";

import { Toaster } from "@/ui/toast";

import { RouteFocus } from "./route-focus";

export function RootLayout() {
  return (
    <>
      <Outlet />
      <RouteFocus />
      <Toaster />
    </>
  );
}
