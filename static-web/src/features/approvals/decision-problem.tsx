import { RotateCw, TriangleAlert } from "lucide-react";

import { ProblemError } from "@/api/problem";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { ProblemNotice } from "@/ui/problem-notice";

/** Refusals that a person should understand; all others are shown as they come. */
const EXPLAINED = {
  approval_expired: "expired",
  approval_decided: "decided",
  approval_cancelled: "cancelled",
  approval_drifted: "drifted",
  digest_mismatch: "changed",
  azure_sign_in_needed: "sign_in",
  not_permitted: "not_permitted",
  not_found: "not_found",
} as const;
type Refusal = (typeof EXPLAINED)[keyof typeof EXPLAINED];

/** Why a decision was not taken, and how to see what is true now. */
export function DecisionProblem({ error, onReload }: { error: unknown; onReload(): void }) {
  const { t } = useTranslation("approvals");
  const code = error instanceof ProblemError ? (EXPLAINED as Partial<Record<string, Refusal>>)[error.code] : undefined;
  if (!(error instanceof ProblemError) || code === undefined) return <ProblemNotice error={error} />;
  return (
    <div role="alert" className="flex animate-fade-in gap-3 rounded-control border border-warn/40 bg-warn-soft p-3 text-sm">
      <TriangleAlert size={18} className="mt-0.5 shrink-0 text-warn" aria-hidden />
      <div className="min-w-0 space-y-2">
        <p className="font-medium">{t(`refused.${code}`)}</p>
        <p className="text-xs break-all text-ink-soft">
          {t("common:problem.request_id")} <code className="font-mono select-all">{error.problem.request_id}</code>
        </p>
        <Button size="small" onClick={onReload}>
          <RotateCw size={14} aria-hidden />
          {t("reload")}
        </Button>
      </div>
    </div>
  );
}
