import type { ApprovalFacts } from "../facts";
import { MARKS } from "./marks";

/** Why no preview is shown: as the API says, or because it is of a kind that this build does not know. */
export type WhyNone = "none" | "failed" | "late" | "unreadable";

/** `null`: there is one, and it can be shown. */
export function whyNone({ preview, preview_state }: Pick<ApprovalFacts, "preview" | "preview_state">): WhyNone | null {
  if (preview_state === "none" || preview_state === "failed" || preview_state === "late") return preview_state;
  return preview != null && Object.hasOwn(MARKS, preview.action) ? null : "unreadable";
}
