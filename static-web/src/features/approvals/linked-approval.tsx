
import { ProblemError } from "@/api/problem";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { ProblemNotice } from "@/ui/problem-notice";
import { SkeletonList } from "@/ui/skeleton";

import { ApprovalCard } from "./approval-card";
import { useApproval } from "./queries";

/** The one approval that an address names, such as a link that its asker sent. */
export function LinkedApproval({ id, onClose }: { id: string; onClose(): void }) {
  const { t } = useTranslation("approvals");
  const { data, error, refetch } = useApproval(id);
  const isMissing = error instanceof ProblemError && error.status === 404;
  return (
    <section aria-label={t("linked")} className="space-y-4">
      {data !== undefined ? (
        <div className="rounded-card border border-line bg-raised p-4 shadow-card sm:p-5">
          <ApprovalCard approval={data} takesFocus />
        </div>
      ) : isMissing ? (
        <p className="rounded-card border border-line bg-sunken p-4 text-sm">{t("linked_missing")}</p>
      ) : error !== null ? (
        <ProblemNotice error={error} onRetry={() => void refetch()} />
      ) : (
        <SkeletonList rows={4} />
      )}
      <Button size="small" onClick={onClose}>
        {t("to_list")}
      </Button>
    </section>
  );
}
