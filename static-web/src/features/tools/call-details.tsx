import { ShieldCheck } from "lucide-react";
import type { ReactNode } from "react";

import { DecisionLine } from "@/features/approvals/decision-line";
import { useTranslation } from "@/i18n/use-translation";
import type { CallLog } from "@/realtime/turn-log";

import { ArgumentList } from "./argument-list";
import { OutcomeNote } from "./outcome-note";
import { Result } from "./result";

/** Everything about a call: how it ended, who agreed, what was asked for and what came. */
export function CallDetails({ call, turnId }: { call: CallLog; turnId: string }) {
  const { t } = useTranslation("tools");
  return (
    <div className="space-y-4 text-sm">
      <OutcomeNote call={call} />
      {call.approval !== null && call.approval.decision !== null && <DecisionLine approval={call.approval} />}
      {call.standing !== undefined && (
        <p className="flex items-start gap-2">
          <ShieldCheck size={16} aria-hidden className="mt-0.5 shrink-0 text-good" />
          {t(call.standing === "setting" ? "approvals:standing_setting" : "approvals:standing")}
        </p>
      )}
      <Part title={t("arguments")}>
        <ArgumentList values={call.arguments} />
      </Part>
      {!call.secret && (call.preview !== null || call.result !== null) && (
        <Part title={t("result")}>
          <Result call={call} turnId={turnId} />
        </Part>
      )}
    </div>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <p className="mb-1.5 font-semibold">{title}</p>
      {children}
    </div>
  );
}
