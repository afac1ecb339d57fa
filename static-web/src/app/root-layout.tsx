import { Outlet } from "@tanstack/react-router";

import { Toaster } from "@/ui/toast";

import { RouteFocus } from "./route-focus";
import { useNewVersion } from "./new-version";

export function RootLayout() {
  useNewVersion();
  return (
    <>
      <Outlet />
      <RouteFocus />
      <Toaster />
    </>
  );
}
