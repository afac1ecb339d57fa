/** What seldom shows, so that no page waits for it; and what shows when the network is gone is fetched before. */
import { lazy } from "react";

const loadNotSent = () => import("./not-sent").then((module) => ({ default: module.NotSent }));

export const NotSent = lazy(loadNotSent);
export const ConnectionBanner = lazy(() => import("./thread/connection-banner").then((module) => ({ default: module.ConnectionBanner })));

export function preloadNotSent(): void {
  void loadNotSent().catch(() => undefined);
}
