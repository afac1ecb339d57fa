/** Rows of usage: added up, sorted, and days without any filled in. */
import type { UsageRow } from "@/api/types";

export const MEASURES = ["turns", "tool_calls", "tokens", "cost"] as const;
export type Measure = (typeof MEASURES)[number];

const COUNTS = ["turns", "tool_calls", "destructive_calls", "input_tokens", "output_tokens", "cost_micros"] as const;

/** `null`: it is not counted so, or not known. */
export function measured(row: UsageRow, measure: Measure): number | null {
  switch (measure) {
    case "tokens":
      return row.input_tokens == null || row.output_tokens == null ? null : row.input_tokens + row.output_tokens;
    case "cost":
      return row.cost_micros ?? null;
    default:
      return row[measure] ?? null;
  }
}

/** Of two parts of one time; what one of them does not know nobody knows. */
function plus(one: UsageRow, other: UsageRow): UsageRow {
  const sums = COUNTS.map((count) => {
    const [a, b] = [one[count], other[count]];
    return [count, a == null || b == null ? null : a + b] as const;
  });
  return { key: one.key, ...Object.fromEntries(sums) };
}

/** The rows of several answers as one list. */
export function merged(rows: readonly UsageRow[]): UsageRow[] {
  const byKey = new Map<string, UsageRow>();
  for (const row of rows) {
    const known = byKey.get(row.key);
    byKey.set(row.key, known === undefined ? row : plus(known, row));
  }
  return [...byKey.values()];
}

/** Everything together; `null` when there is nothing. */
export function total(rows: readonly UsageRow[]): UsageRow | null {
  return rows.length === 0 ? null : rows.map((row) => ({ ...row, key: "" })).reduce(plus);
}

/** The largest first; by day the newest. */
export function sorted(rows: readonly UsageRow[], by: "day" | "other", measure: Measure): UsageRow[] {
  return rows.toSorted((a, b) => (by === "day" ? 0 : (measured(b, measure) ?? -1) - (measured(a, measure) ?? -1)) || (by === "day" ? (a.key < b.key ? 1 : -1) : a.key < b.key ? -1 : 1));
}

/** Every day from the first to the last, with its row or without. */
export function everyDay(from: string, to: string, rows: readonly UsageRow[]): { day: string; row: UsageRow | null }[] {
  const byDay = new Map(rows.map((row) => [row.key, row]));
  const days: { day: string; row: UsageRow | null }[] = [];
  for (let at = Date.parse(`${from}T00:00:00Z`); at <= Date.parse(`${to}T00:00:00Z`); at += 86_400_000) {
    const day = new Date(at).toISOString().slice(0, 10);
    days.push({ day, row: byDay.get(day) ?? null });
  }
  return days;
}
