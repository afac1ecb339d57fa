/** The kill switch of the tenant: how it stands, and turning it. */
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrapTagged } from "@/api/client";
import { ProblemError } from "@/api/problem";
import { meQuery } from "@/api/queries";
import type { KillSwitch } from "@/api/types";

/** Off, or what is stopped. */
export const POSITIONS = ["off", "changes", "all"] as const;
export type Position = (typeof POSITIONS)[number];

export const positionOf = ({ on, scope }: Pick<KillSwitch, "on" | "scope">): Position => (on ? scope : "off");

/** With the version that a change must name. */
export const killSwitchQuery = queryOptions({
  queryKey: ["admin", "kill-switch"],
  queryFn: () => unwrapTagged(api().GET("/v1/admin/kill-switch")),
});

export interface Turning {
  to: Position;
  reason: string;
  /** What it stopped before, or would have. */
  scope: KillSwitch["scope"];
  etag: string | null;
}

/** Turns the switch as it stood when `etag` was read. After a 412 it is read again. */
export function useTurnKillSwitch() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ to, reason, scope, etag }: Turning) =>
      unwrapTagged(
        api().PUT("/v1/admin/kill-switch", {
          params: { header: { "If-Match": etag ?? "" } },
          body: { on: to !== "off", scope: to === "off" ? scope : to, reason },
        }),
      ),
    onSuccess: (stored) => {
      queries.setQueryData(killSwitchQuery.queryKey, stored);
      // The banner is everybody's, so one's own too.
      return queries.invalidateQueries({ queryKey: meQuery.queryKey });
    },
    onError: (error) => {
      if (error instanceof ProblemError && error.status === 412) return queries.invalidateQueries({ queryKey: killSwitchQuery.queryKey });
      return undefined;
    },
  });
}
