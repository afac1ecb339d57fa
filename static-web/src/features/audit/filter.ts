/** Which records are wanted, as the address says it. */
import type { AuditRecord } from "@/api/types";

export const RANGES = ["hour", "day", "week", "month", "all", "custom"] as const;
export type Range = (typeof RANGES)[number];
export const KINDS = ["open", "close", "denied", "approval", "admin", "conversation", "audit_read", "audit_export"] as const;
export const OUTCOMES = ["ok", "error", "unknown", "denied", "cancelled", "not_run"] as const satisfies readonly NonNullable<AuditRecord["outcome"]>[];

const HOUR_MS = 3_600_000;
const BACK_MS: Record<Exclude<Range, "all" | "custom">, number> = { hour: HOUR_MS, day: 24 * HOUR_MS, week: 168 * HOUR_MS, month: 720 * HOUR_MS };

/** Texts as they are typed; empty ones filter nothing. */
export interface Filter {
  range: Range;
  /** Local moments such as `2026-11-24T13:05`, of the range `custom`. */
  from: string;
  until: string;
  kind: string;
  outcome: string;
  tool: string;
  oid: string;
  turn_id: string;
}

export const NO_FILTER: Filter = { range: "week", from: "", until: "", kind: "", outcome: "", tool: "", oid: "", turn_id: "" };

const TEXTS = ["from", "until", "tool", "oid", "turn_id"] as const;

export function filterOf(search: Record<string, unknown>): Filter {
  const one = <Value extends string>(values: readonly Value[], value: unknown): Value | undefined => values.find((known) => known === value);
  const filter: Filter = {
    ...NO_FILTER,
    range: one(RANGES, search["range"]) ?? NO_FILTER.range,
    kind: one(KINDS, search["kind"]) ?? "",
    outcome: one(OUTCOMES, search["outcome"]) ?? "",
  };
  for (const name of TEXTS) {
    const value = search[name];
    if (typeof value === "string") filter[name] = value;
  }
  return filter;
}

/** Only what differs from no filter, for a short address. */
export function searchOf(filter: Filter): Partial<Filter> {
  return Object.fromEntries(Object.entries(filter).filter(([name, value]) => value !== NO_FILTER[name as keyof Filter]));
}

/** The API's parameters at this moment. */
export function queryOf({ range, from, until, ...others }: Filter, now: Date): Record<string, string> {
  const times = range === "custom" ? { from: moment(from), until: moment(until) } : { from: range === "all" ? "" : new Date(now.getTime() - BACK_MS[range]).toISOString(), until: "" };
  const parameters = Object.entries({ ...times, ...others }).map(([name, value]) => [name, value.trim()] as const);
  return Object.fromEntries(parameters.filter(([, value]) => value !== ""));
}

function moment(local: string): string {
  const at = new Date(local);
  return local === "" || Number.isNaN(at.getTime()) ? "" : at.toISOString();
}
