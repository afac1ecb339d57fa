import type { Approval } from "@/api/types";
import type { CallLog } from "@/realtime/turn-log";

/** An approval, as far as it is known: a running turn's events do not tell all of it. */
export type ApprovalFacts = Omit<Approval, "requested_at" | "arguments" | "can_remember"> & {
  requested_at?: string;
  can_remember?: boolean;
  arguments: Record<string, unknown>;
  /** Whether the call holds a secret; only its asker is told. */
  secret?: boolean;
};

/**
 * The approval of a call. Events are newer than what was fetched, and the digest that is
 * sent must be that of what is shown: a view of another digest is left aside, and so is one
 * of an earlier round, which has another deadline.
 */
export function approvalOfCall(call: CallLog, view: Approval | undefined, me: { oid: string; name?: string | null } | undefined): ApprovalFacts | null {
  const { approval } = call;
  if (approval === null) return null;
  if (view !== undefined && view.digest === approval.digest && view.expires_at === approval.expiresAt) return { ...view, secret: call.secret };
  return {
    id: approval.id,
    state: "pending",
    digest: approval.digest,
    by: approval.by,
    server: call.server,
    tool: call.tool,
    effect: call.effect,
    secret: call.secret,
    arguments: call.arguments,
    target: null,
    preview: approval.preview,
    preview_state: approval.previewState,
    drifts: approval.drifts,
    // Only its asker sees a turn.
    asker: { oid: me?.oid ?? "", name: me?.name ?? null },
    expires_at: approval.expiresAt,
    // Events do not tell; whoever is asked to decide for longer has read the approval itself.
    can_remember: false,
    remember: null,
    decision: null,
  };
}
