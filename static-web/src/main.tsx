import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { startApi } from "@/api/client";
import { loadConfig } from "@/app/config";
import { fetchAhead } from "@/app/fetch-ahead";
import { queryClient } from "@/app/query-client";
import { router } from "@/app/router";
import { startSession } from "@/auth/session";
import { startLanguage } from "@/i18n";
import { startRealtime } from "@/realtime/turns";
import "@/styles/app.css";

const root = document.getElementById("root")!;

async function start(): Promise<void> {
  fetchAhead();
  const [config] = await Promise.all([loadConfig(), startLanguage()]);
  startApi(config.api_base);
  startRealtime(config.realtime);
  await startSession(config);
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  );
}

start().catch((error: unknown) => {
  // Nothing of ours runs yet, so this has no translation and no style of its own.
  root.setAttribute("role", "alert");
  root.textContent = `Azimuth cannot start: ${error instanceof Error ? error.message : String(error)}`;
});
