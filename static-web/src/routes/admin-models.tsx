import { useQuery } from "@tanstack/react-query";

import { ModelDesk } from "@/features/admin/models/model-desk";
import { modelOfferQuery } from "@/features/admin/models/queries";
import { PageHead } from "@/features/admin/page-head";
import { dateTime, number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { ProblemNotice } from "@/ui/problem-notice";
import { SkeletonList } from "@/ui/skeleton";

/** Which models people are offered, and which answers when nobody chose. */
export function ModelsPage() {
  const { t } = useTranslation("models");
  const { data, error, refetch } = useQuery(modelOfferQuery);
  const stored = data?.value.stored ?? null;
  return (
    <div className="max-w-3xl space-y-6">
      <PageHead title={t("title")} text={t("text")} />
      {error !== null && <ProblemNotice error={error} onRetry={() => void refetch()} />}
      {data === undefined ? (
        error === null && <SkeletonList rows={4} />
      ) : (
        <>
          <p className="text-sm break-words text-ink-soft">
            {stored === null
              ? t("never")
              : t("stored", { number: number(stored.number), who: stored.by_name ?? stored.by, when: dateTime(stored.at), reason: stored.reason })}
          </p>
          <ModelDesk present={data.value} etag={data.etag} />
        </>
      )}
    </div>
  );
}
