import { Outlet } from "@tanstack/react-router";

import { Toaster } from "@/ui/toast";

export function RootLayout() {
  return (
    <>
      <Outlet />
      <Toaster />
    </>
  );
}
