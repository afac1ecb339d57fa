import { clsx } from "clsx";
import { ChevronDown, TriangleAlert, Users } from "lucide-react";
import { useId } from "react";

import { useMe } from "@/api/queries";
import type { Approval } from "@/api/types";
import { EffectBadge } from "@/features/tools/effect-badge";
import { SecretBadge } from "@/features/tools/secret/secret-badge";
import { dateTime } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";

import { ApprovalCard } from "./approval-card";
import { ApprovalStateBadge } from "./approval-state";
import { Countdown, useRemaining } from "./countdown";
import { toolName } from "./kinds";
import { mayDecide } from "./queries";
import { holdsSecret } from "./secret";
import { useSentence } from "./sentence-text";

export interface ApprovalRowProps {
  approval: Approval;
  open: boolean;
  onToggle(): void;
  onDecided(): void;
}

/** One approval of the inbox: a line, and below it the whole when it is open. */
export function ApprovalRow({ approval, open, onToggle, onDecided }: ApprovalRowProps) {
  const { t } = useTranslation("approvals");
  const id = useId();
  const me = useMe().data;
  const sentence = useSentence(approval);
  const isPending = approval.state === "pending";
  const left = useRemaining(approval.expires_at, isPending);
  return (
    <li className="@container min-w-0 rounded-card border border-line bg-raised shadow-card">
      <button
        type="button"
        aria-expanded={open}
        aria-controls={id}
        onClick={onToggle}
        className="flex w-full items-start gap-3 rounded-card px-4 py-3 text-left hover:bg-sunken/60"
      >
        <span className="flex min-w-0 flex-1 flex-col gap-x-4 gap-y-2 @xl:flex-row @xl:items-start">
          <span className="min-w-0 flex-1">
            <span className="block leading-snug font-medium break-words">{sentence}</span>
            <span className="mt-1 block font-mono text-xs break-all text-ink-soft">{toolName(approval)}</span>
            <span className="mt-0.5 block text-xs text-ink-soft">
              {t("requested", { who: approval.asker.name ?? approval.asker.oid, when: dateTime(approval.requested_at) })}
            </span>
            {isPending && approval.drifts > 0 && (
              <span className="mt-0.5 flex items-center gap-1.5 text-xs font-medium text-warn">
                <TriangleAlert size={13} aria-hidden className="shrink-0" />
                {t("anew.title")}
              </span>
            )}
            {isPending && me !== undefined && !mayDecide(approval, me) && (
              <span className="mt-0.5 flex items-center gap-1.5 text-xs text-ink-soft">
                <Users size={13} aria-hidden className="shrink-0" />
                {t("another_decides")}
              </span>
            )}
          </span>
          <span className="flex flex-wrap items-center gap-x-3 gap-y-1 @xl:pt-0.5">
            <EffectBadge effect={approval.effect} />
            {holdsSecret(approval) && <SecretBadge />}
            {isPending ? <Countdown expiresAt={approval.expires_at} left={left} /> : <ApprovalStateBadge state={approval.state} />}
          </span>
        </span>
        <ChevronDown size={17} aria-hidden className={clsx("mt-1 shrink-0 text-ink-faint transition-transform", open && "rotate-180")} />
      </button>
      <div id={id} hidden={!open} className="border-t border-line px-4 py-4">
        {open && <ApprovalCard approval={approval} withHead={false} onDecided={onDecided} />}
      </div>
    </li>
  );
}
