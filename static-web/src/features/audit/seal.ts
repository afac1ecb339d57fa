/** Whether a record is covered by a signed digest, as the API tells it. */
import type { AuditRecord, DigestPage } from "@/api/types";

/** `null`: it cannot be told. */
export function isSealed(record: Pick<AuditRecord, "chain" | "seq" | "at">, state: DigestPage["state"]): boolean | null {
  const open = state.unsealed.find(({ chain }) => chain === record.chain);
  if (open !== undefined) return record.seq <= open.sealed_seq;
  if (state.sealed_up_to == null) return false;
  // A chain that is not named may have grown since the API was asked; at most 100 are named.
  return Date.parse(record.at) <= Date.parse(state.sealed_up_to) ? (state.unsealed.length < 100 ? true : null) : null;
}
