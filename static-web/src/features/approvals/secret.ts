import { HIDDEN } from "@/features/tools/secret/sealed";

import type { ApprovalFacts } from "./facts";
import { sentenceOf } from "./sentence";

/**
 * Whether a call shows or takes a secret. Its asker is told; of an approval of somebody else the
 * API says no more than the call itself, whose secret arguments it hides.
 */
export function holdsSecret(approval: Pick<ApprovalFacts, "secret" | "effect" | "tool" | "arguments">): boolean {
  if (approval.secret !== undefined) return approval.secret;
  return revealsSecret(approval) || Object.values(approval.arguments).includes(HIDDEN);
}

/** Whether it is a read that shows a secret, which is the one kind of read that always needs a yes. */
export function revealsSecret(approval: Pick<ApprovalFacts, "secret" | "effect" | "tool" | "arguments">): boolean {
  return approval.effect === "read_only" && (approval.secret ?? sentenceOf(approval).verb === "reveal");
}
