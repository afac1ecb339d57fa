import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import { useMe } from "@/api/queries";
import type { CallLog } from "@/realtime/turn-log";

import { ApprovalCard } from "./approval-card";
import { approvalOfCall } from "./facts";
import { useReadsOutside } from "./outside-text";
import { approvalQuery, approvalsQuery, useApproval } from "./queries";

/** The approval that a call of a turn waits for. */
export function CallApproval({ call, onDecided }: { call: CallLog; onDecided(): void }) {
  const queries = useQueryClient();
  const id = call.approval?.id;
  const readsOutside = useReadsOutside(call);
  const view = useApproval(id).data;
  const approval = approvalOfCall(call, view, useMe().data);
  const digest = call.approval?.digest;
  // Neither the number beside "Approvals" nor what is known of this one is to wait for its next look.
  useEffect(() => {
    void queries.invalidateQueries({ queryKey: approvalsQuery("pending").queryKey });
    if (id !== undefined) void queries.invalidateQueries({ queryKey: approvalQuery(id).queryKey });
  }, [queries, id, digest]);
  if (approval === null) return null;
  return <ApprovalCard approval={approval} takesFocus readsOutside={readsOutside} onDecided={onDecided} />;
}
