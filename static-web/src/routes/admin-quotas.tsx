import { useQuery } from "@tanstack/react-query";

import { PageHead } from "@/features/admin/page-head";
import { quotasQuery } from "@/features/admin/quotas/queries";
import { QuotaDesk } from "@/features/admin/quotas/quota-desk";
import { dateTime, number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { ProblemNotice } from "@/ui/problem-notice";
import { SkeletonList } from "@/ui/skeleton";

/** How much people may use. */
export function QuotasPage() {
  const { t } = useTranslation("quotas");
  const { data, error, refetch } = useQuery(quotasQuery);
  const stored = data?.value.stored ?? null;
  return (
    <div className="max-w-3xl space-y-6">
      <PageHead title={t("title")} text={t("text")} />
      {error !== null && <ProblemNotice error={error} onRetry={() => void refetch()} />}
      {data === undefined ? (
        error === null && <SkeletonList rows={7} />
      ) : (
        <>
          <p className="text-sm break-words text-ink-soft">
            {stored === null
              ? t("never")
              : t("stored", { number: number(stored.number), who: stored.by_name ?? stored.by, when: dateTime(stored.at), reason: stored.reason })}
          </p>
          <QuotaDesk present={data.value} etag={data.etag} />
        </>
      )}
    </div>
  );
}
