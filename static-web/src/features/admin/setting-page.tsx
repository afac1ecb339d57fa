import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";

import type { StoredBy } from "@/api/types";
import { dateTime, number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { ProblemNotice } from "@/ui/problem-notice";
import { SkeletonList } from "@/ui/skeleton";

import { PageHead } from "./page-head";

interface SettingPageProps<Setting> {
  /** Namespace with `title`, `text`, `never` and `stored`. */
  texts: "models" | "quotas";
  /** What holds, with the version that a change must name. */
  query: UseQueryResult<{ value: Setting; etag: string | null }>;
  /** Lines that stand there until it is known. */
  rows: number;
  children(present: Setting, etag: string | null): ReactNode;
}

/** The page of a setting of the tenant: who stored it last, and where it is changed. */
export function SettingPage<Setting extends { stored?: StoredBy | null }>({ texts, query, rows, children }: SettingPageProps<Setting>) {
  const { t } = useTranslation(texts);
  const { data, error, refetch } = query;
  const stored = data?.value.stored ?? null;
  return (
    <div className="max-w-3xl space-y-6">
      <PageHead title={t("title")} text={t("text")} />
      {error !== null && <ProblemNotice error={error} onRetry={() => void refetch()} />}
      {data === undefined ? (
        error === null && <SkeletonList rows={rows} />
      ) : (
        <>
          <p className="text-sm break-words text-ink-soft">
            {stored === null
              ? t("never")
              : t("stored", { number: number(stored.number), who: stored.by_name ?? stored.by, when: dateTime(stored.at), reason: stored.reason })}
          </p>
          {children(data.value, data.etag)}
        </>
      )}
    </div>
  );
}
