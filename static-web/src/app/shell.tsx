import { Outlet } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { Sidebar } from "@/features/sidebar/sidebar";

/** The frame of every signed-in page. */
export function Shell() {
  const { t } = useTranslation();
  return (
    <div className="flex h-dvh">
      <a href="#main" className="sr-only z-50 rounded-control bg-raised p-3 focus:not-sr-only focus:fixed focus:top-2 focus:left-2">
        {t("skip_to_content")}
      </a>
      <Sidebar />
      <main id="main" tabIndex={-1} className="flex min-w-0 flex-1 flex-col outline-none">
        <Outlet />
      </main>
    </div>
  );
}
