/** What was used, over days. */
import { queryOptions } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import type { UsageReport } from "@/api/types";

import { merged } from "./rows";

export const BY = ["day", "tool", "model", "user"] as const;
export type By = (typeof BY)[number];
export type Scope = UsageReport["scope"];

/** Days that can be chosen; the API takes at most 92. */
export const DAYS = [7, 30, 90] as const;

export interface UsageWanted {
  by: By;
  scope: Scope;
  days: number;
}

/** All of it: what did not fit into one answer is asked for and added. */
export const usageQuery = ({ by, scope, days }: UsageWanted) =>
  queryOptions({
    queryKey: ["usage", by, scope, days],
    queryFn: async () => {
      const today = new Date();
      const to = today.toISOString().slice(0, 10);
      const first = new Date(today.getTime() - (days - 1) * 86_400_000).toISOString().slice(0, 10);
      const rows: UsageReport["items"] = [];
      let from: string | null = first;
      while (from !== null) {
        const report: UsageReport = await unwrap(api().GET("/v1/usage", { params: { query: { by, scope, from, to } } }));
        rows.push(...report.items);
        from = report.next_from ?? null;
      }
      return { from: first, to, rows: merged(rows) };
    },
  });
