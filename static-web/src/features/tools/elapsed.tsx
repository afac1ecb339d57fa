import { useEffect, useState } from "react";

import { duration, milliseconds } from "@/i18n/format";
import type { CallLog } from "@/realtime/turn-log";

/** How long a call runs, or ran. Shows nothing before it starts. */
export function Elapsed({ call }: { call: Pick<CallLog, "status" | "startedAt" | "durationMs"> }) {
  const running = call.status === "running" && call.startedAt !== null;
  const now = useTick(running, 100);
  const ms = call.durationMs ?? (running ? Math.max(0, now - Date.parse(call.startedAt!)) : null);
  if (ms === null) return null;
  return <span className="text-sm text-ink-soft tabular-nums">{call.durationMs !== null && ms < 1_000 ? milliseconds(ms) : duration(ms)}</span>;
}

/** The time, again and again while `ticking`. */
export function useTick(ticking: boolean, everyMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!ticking) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [ticking, everyMs]);
  return now;
}
