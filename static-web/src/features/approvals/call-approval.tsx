import { useMe } from "@/api/queries";
import type { CallLog } from "@/realtime/turn-log";

import { ApprovalCard } from "./approval-card";
import { approvalOfCall } from "./facts";
import { useApproval } from "./queries";

/** The approval that a call of a turn waits for. */
export function CallApproval({ call, onDecided }: { call: CallLog; onDecided(): void }) {
  const view = useApproval(call.approval?.id).data;
  const approval = approvalOfCall(call, view, useMe().data);
  return approval === null ? null : <ApprovalCard approval={approval} takesFocus onDecided={onDecided} />;
}
