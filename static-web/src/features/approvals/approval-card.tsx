import { useQueryClient } from "@tanstack/react-query";
import { Users } from "lucide-react";

import { ProblemError } from "@/api/problem";
import { useMe } from "@/api/queries";
import { useTranslation } from "@/i18n/use-translation";
import { CopyButton } from "@/ui/copy-button";
import { toast } from "@/ui/toast";

import { ApprovalDetails } from "./approval-details";
import { ApprovalStateBadge } from "./approval-state";
import { AskedAnew } from "./asked-anew";
import { Countdown, useRemaining } from "./countdown";
import { DecisionForm } from "./decision-form";
import { DecisionText } from "./decision-line";
import { DecisionProblem } from "./decision-problem";
import type { ApprovalFacts } from "./facts";
import { OutsideNote } from "./outside-note";
import { APPROVALS_KEY, mayDecide, useDecide } from "./queries";
import { useSentence } from "./sentence-text";

export interface ApprovalCardProps {
  approval: ApprovalFacts;
  /** Deny takes the focus when the card appears. */
  takesFocus?: boolean;
  /** The assistant had read what tools said before it asked for this. */
  readsOutside?: boolean;
  /** Left out where the sentence and the time stand above the card already. */
  withHead?: boolean;
  /** Where the focus goes once the card's buttons are gone. */
  onDecided?: () => void;
}

/** A change that waits for a yes: what it is, exactly, and the decision. */
export function ApprovalCard({ approval, takesFocus = false, readsOutside = false, withHead = true, onDecided }: ApprovalCardProps) {
  const { t } = useTranslation("approvals");
  const queries = useQueryClient();
  const me = useMe().data;
  const sentence = useSentence(approval);
  const isPending = approval.state === "pending";
  const left = useRemaining(approval.expires_at, isPending);
  const decide = useDecide(approval.id, {
    onDecided(decision) {
      toast(t(decision === "approve" ? "approved" : "denied"));
      onDecided?.();
    },
    // The list may drop this card before anybody has read why.
    onOver: (code) => toast(t(`refused.${code}`)),
  });
  const reload = () => {
    decide.reset();
    void queries.invalidateQueries({ queryKey: APPROVALS_KEY });
  };
  const canDecide = mayDecide(approval, me);
  const hasDrifted = decide.error instanceof ProblemError && decide.error.code === "approval_drifted";
  const isAsker = approval.asker.oid === me?.oid;

  return (
    <div role="group" aria-label={sentence} className="min-w-0 space-y-4">
      {withHead && (
        <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-1">
          <p className="min-w-0 text-base leading-snug font-semibold break-words">{sentence}</p>
          {isPending ? <Countdown expiresAt={approval.expires_at} left={left} /> : <ApprovalStateBadge state={approval.state} />}
        </div>
      )}
      {readsOutside && <OutsideNote />}
      <ApprovalDetails approval={approval} />
      {approval.decision != null && (
        <div className="text-sm">
          <DecisionText decision={approval.decision} />
        </div>
      )}
      {!isPending && approval.decision == null && <p className="text-sm text-ink-soft">{t(`ended.${approval.state}`)}</p>}
      {isPending && left.isOver && <p className="text-sm font-medium">{t("ended.expired")}</p>}
      <AskedAnew shown={isPending && approval.drifts > 0 && !hasDrifted} />
      {decide.error !== null && <DecisionProblem error={decide.error} onReload={reload} />}
      {isPending && canDecide && (
        <DecisionForm
          key={approval.digest}
          approval={approval}
          isOver={left.isOver}
          isBusy={decide.isPending}
          // The button that was pressed is gone with what it stood below.
          takesFocus={takesFocus || hasDrifted}
          onDecide={(decision, reason, remember) =>
            decide.mutate({ decision, reason, digest: approval.digest, ...(remember ? { remember: "conversation" as const } : {}) })
          }
        />
      )}
      {isPending && !canDecide && me !== undefined && !left.isOver && (
        <div className="flex items-start gap-2.5 rounded-control border border-line bg-sunken p-3 text-sm">
          <Users size={17} className="mt-0.5 shrink-0 text-lead" aria-hidden />
          <div className="min-w-0 space-y-1.5">
            <p className="font-medium">{t(isAsker ? "for_another" : "cannot_decide")}</p>
            <p className="text-ink-soft">{t(isAsker ? "for_another_text" : "cannot_decide_text")}</p>
            {isAsker && <CopyButton withText tone="plain" label={t("copy_link")} text={`${location.origin}/approvals?id=${approval.id}`} />}
          </div>
        </div>
      )}
    </div>
  );
}
