import { lazy, Suspense } from "react";

import { useStopped } from "@/features/kill-switch/use-stopped";
import { withTexts } from "@/i18n";

import { OfflineBanner } from "./offline-banner";

/** Seldom on. */
const KillSwitchBanner = lazy(() =>
  withTexts("kill_switch", import("@/features/kill-switch/kill-switch-banner")).then((module) => ({ default: module.KillSwitchBanner })),
);

/** What everybody is told above every page. */
export function Banners() {
  const stopped = useStopped();
  return (
    <>
      <OfflineBanner />
      <div role="status">
        {stopped !== null && (
          <Suspense fallback={null}>
            <KillSwitchBanner stopped={stopped} />
          </Suspense>
        )}
      </div>
    </>
  );
}
