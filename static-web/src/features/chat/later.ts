/** What not every conversation shows, so that no page waits for it; what may be needed is fetched once the page stands. */
import { lazy } from "react";

import { loadFollow } from "@/realtime/turns";

const loadAnnouncer = () => import("./thread/announcer").then((module) => ({ default: module.Announcer }));
const loadNotSent = () => import("./not-sent").then((module) => ({ default: module.NotSent }));
const loadToolCall = () => import("@/features/tools/tool-call").then((module) => ({ default: module.ToolCall }));

export const Announcer = lazy(loadAnnouncer);
export const NotSent = lazy(loadNotSent);
export const ToolCall = lazy(loadToolCall);
export const ConnectionBanner = lazy(() => import("./thread/connection-banner").then((module) => ({ default: module.ConnectionBanner })));

/** Also what shows when the network is gone. */
export function preloadLater(): void {
  void Promise.all([loadAnnouncer(), loadFollow(), loadToolCall(), loadNotSent()]).catch(() => undefined);
}
