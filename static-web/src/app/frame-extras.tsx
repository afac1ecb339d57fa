import { GlobalShortcuts } from "./global-shortcuts";
import { useNewVersion } from "./new-version";
import { RouteFocus } from "./route-focus";
import { SessionEnded } from "./session-ended";

/** What the frame does beside showing a page. Nobody misses it before the first answer is there. */
export function FrameExtras() {
  useNewVersion();
  return (
    <>
      <RouteFocus />
      <GlobalShortcuts />
      <SessionEnded />
    </>
  );
}
