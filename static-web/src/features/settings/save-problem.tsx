import { RefreshCw } from "lucide-react";

import { ProblemError } from "@/api/problem";
import { useTranslation } from "@/i18n/use-translation";
import { ProblemNotice } from "@/ui/problem-notice";

/** Why a setting is not saved. What changed in between is shown already and only explained. */
export function SaveProblem({ error }: { error: unknown }) {
  const { t } = useTranslation("settings");
  if (error === null) return null;
  if (error instanceof ProblemError && error.status === 412) {
    return (
      <p role="alert" className="flex animate-fade-in gap-3 rounded-card bg-warn-soft p-4 text-sm">
        <RefreshCw size={17} className="mt-0.5 shrink-0 text-warn" aria-hidden />
        {t("stale")}
      </p>
    );
  }
  return <ProblemNotice error={error} />;
}
