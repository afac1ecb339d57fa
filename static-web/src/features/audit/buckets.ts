/** Records over time. */
import type { AuditRecord } from "@/api/types";

const BUCKETS = 24;

/** Outcomes that somebody may have to look at. */
const BAD: ReadonlySet<string> = new Set(["error", "unknown", "denied"]);

export const isBad = ({ kind, outcome }: Pick<AuditRecord, "kind" | "outcome">) => kind === "denied" || BAD.has(outcome ?? "");

export interface Bucket {
  from: Date;
  good: number;
  bad: number;
}

/** Equal parts of the time from the oldest record to the newest. */
export function buckets(records: readonly Pick<AuditRecord, "at" | "kind" | "outcome">[]): Bucket[] {
  if (records.length === 0) return [];
  const times = records.map(({ at }) => Date.parse(at));
  const first = Math.min(...times);
  const width = Math.max(1_000, (Math.max(...times) - first + 1) / BUCKETS);
  const parts: Bucket[] = Array.from({ length: BUCKETS }, (_, index) => ({ from: new Date(first + index * width), good: 0, bad: 0 }));
  for (const [index, record] of records.entries()) {
    const part = parts[Math.min(BUCKETS - 1, Math.floor((times[index]! - first) / width))]!;
    part[isBad(record) ? "bad" : "good"] += 1;
  }
  return parts;
}
