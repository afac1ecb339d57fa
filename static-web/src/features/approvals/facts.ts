import type { Approval } from "@/api/types";
import type { CallLog } from "@/realtime/turn-log";

/** An approval, as far as it is known: a running turn's events do not tell all of it. */
export type ApprovalFacts = Omit<Approval, "requested_at" | "arguments"> & { requested_at?: string; arguments: Record<string, unknown> };

/**
 * The approval of a call. Events are newer than what was fetched, and the digest that is
 * sent must be that of the arguments that are shown: a view of another digest is left aside.
 */
export function approvalOfCall(call: CallLog, view: Approval | undefined, me: { oid: string; name?: string | null } | undefined): ApprovalFacts | null {
  const { approval } = call;
  if (approval === null) return null;
  if (view !== undefined && view.digest === approval.digest) return { ...view, preview: view.preview ?? (approval.preview as never) };
  return {
    id: approval.id,
    state: "pending",
    digest: approval.digest,
    by: approval.by,
    server: call.server,
    tool: call.tool,
    effect: call.effect,
    arguments: call.arguments,
    target: null,
    preview: approval.preview as never,
    // Only its asker sees a turn.
    asker: { oid: me?.oid ?? "", name: me?.name ?? null },
    expires_at: approval.expiresAt,
    decision: null,
  };
}
