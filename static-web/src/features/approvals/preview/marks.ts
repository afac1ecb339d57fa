import type { FieldChange, Preview } from "@/api/types";

export interface Mark {
  sign: string;
  colour: string;
}

/** The signs of a what-if list. A word stands beside each of them. */
export const MARKS: Record<Preview["action"], Mark> = {
  create: { sign: "+", colour: "text-good" },
  change: { sign: "~", colour: "text-warn" },
  delete: { sign: "−", colour: "text-bad" },
  nothing: { sign: "", colour: "text-ink-soft" },
  missing: { sign: "", colour: "text-warn" },
};

/** What becomes of one field. */
export function fieldMark({ old, new: next }: FieldChange): "create" | "change" | "delete" {
  if (old == null) return "create";
  return next == null ? "delete" : "change";
}
