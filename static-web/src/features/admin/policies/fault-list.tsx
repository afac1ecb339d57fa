import { CircleAlert } from "lucide-react";

import type { ProblemError } from "@/api/problem";
import { number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { ProblemNotice } from "@/ui/problem-notice";

import { faultsOf, type Fault } from "./faults";

/** What is wrong with a text, each fault with the way to its place. */
export function FaultList({ error, onGo }: { error: ProblemError; onGo(fault: Fault): void }) {
  const { t } = useTranslation("admin");
  const faults = faultsOf(error.problem.detail);
  if (faults.length === 0) return <ProblemNotice error={error} />;
  return (
    <div role="alert" className="flex animate-fade-in gap-3 rounded-card border border-bad/40 bg-bad-soft p-4 text-sm">
      <CircleAlert size={18} className="mt-0.5 shrink-0 text-bad" aria-hidden />
      <div className="min-w-0 flex-1 space-y-2">
        <p className="font-semibold">{t("policies.faults")}</p>
        <ul className="space-y-2">
          {faults.map((fault) => (
            <li key={`${fault.line} ${fault.column} ${fault.message}`}>
              <button type="button" onClick={() => onGo(fault)} className="min-h-6 font-medium text-lead underline underline-offset-2 pointer-coarse:min-h-11">
                {t("policies.place", { line: number(fault.line), column: number(fault.column) })}
              </button>
              <span lang="en" className="block break-words text-ink-soft">
                {fault.message}
              </span>
            </li>
          ))}
        </ul>
        <p className="text-xs break-all text-ink-soft">
          {t("common:problem.request_id")} <code className="font-mono select-all">{error.problem.request_id}</code>
        </p>
      </div>
    </div>
  );
}
