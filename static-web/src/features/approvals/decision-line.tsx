import { CircleCheck, ShieldX, TimerOff, TriangleAlert } from "lucide-react";

import type { Approval } from "@/api/types";
import { dateTime } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import type { CallApproval } from "@/realtime/turn-log";

import { useDecided } from "./queries";

const SAID = ["approved", "denied", "expired", "superseded"] as const;

/** Who decided about a call of a turn, when, and why. */
export function DecisionLine({ approval }: { approval: CallApproval }) {
  const { t } = useTranslation("approvals");
  const decision = useDecided(approval.id).data?.decision;
  if (decision != null) return <DecisionText decision={decision} />;
  const state = SAID.find((said) => said === approval.decision) ?? "cancelled";
  const Icon = state === "approved" ? CircleCheck : state === "denied" ? ShieldX : state === "superseded" ? TriangleAlert : TimerOff;
  return (
    <p className="flex items-start gap-2 text-ink-soft">
      <Icon size={16} className="mt-0.5 shrink-0" aria-hidden />
      <span>
        {t(`state.${state}`)}
        {approval.reason !== null && <span className="block break-words">{t("reason_said", { reason: approval.reason })}</span>}
      </span>
    </p>
  );
}

export function DecisionText({ decision }: { decision: NonNullable<Approval["decision"]> }) {
  const { t } = useTranslation("approvals");
  const who = decision.by.name ?? decision.by.oid;
  const Icon = decision.approved ? CircleCheck : ShieldX;
  return (
    <p className="flex items-start gap-2">
      <Icon size={16} className={decision.approved ? "mt-0.5 shrink-0 text-good" : "mt-0.5 shrink-0 text-bad"} aria-hidden />
      <span className="min-w-0">
        {t(decision.approved ? "approved_by" : "denied_by", { who, when: dateTime(decision.at) })}
        {decision.remembered && <span className="block">{t("remembered")}</span>}
        {decision.reason != null && <span className="block break-words text-ink-soft">{t("reason_said", { reason: decision.reason })}</span>}
      </span>
    </p>
  );
}
