import { useQuery } from "@tanstack/react-query";
import { Lock } from "lucide-react";

import type { Policies } from "@/api/types";
import { PageHead } from "@/features/admin/page-head";
import { PolicyDesk } from "@/features/admin/policies/policy-desk";
import { policiesQuery } from "@/features/admin/policies/queries";
import { TextPages } from "@/features/tools/text-pages";
import { dateTime, number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { ProblemNotice } from "@/ui/problem-notice";
import { SkeletonList } from "@/ui/skeleton";

/** What is permitted, to whom; changed only after a look at who gains and loses what. */
export function PoliciesPage() {
  const { t } = useTranslation("admin");
  const { data, error, refetch } = useQuery(policiesQuery);
  return (
    <div className="space-y-6">
      <PageHead title={t("policies.title")} text={t("policies.text")} />
      {error !== null && <ProblemNotice error={error} onRetry={() => void refetch()} />}
      {data === undefined ? (
        error === null && <SkeletonList rows={6} />
      ) : (
        <>
          <Source policies={data.value} />
          <PolicyDesk present={data.value.text} etag={data.etag} />
          <details className="rounded-card border border-line bg-raised p-4 text-sm shadow-card">
            <summary className="min-h-6 font-medium pointer-coarse:min-h-11">
              <Lock size={15} aria-hidden className="mr-2 inline align-[-2px] text-ink-faint" />
              {t("policies.forbidden")}
            </summary>
            <p className="mt-2 mb-3 text-ink-soft">{t("policies.forbidden_text")}</p>
            <TextPages text={data.value.forbidden_everywhere} label={t("policies.forbidden")} />
          </details>
        </>
      )}
    </div>
  );
}

/** Whose policies hold now. */
function Source({ policies }: { policies: Policies }) {
  const { t } = useTranslation("admin");
  const { stored } = policies;
  return (
    <div className="rounded-card border border-line bg-sunken p-4 text-sm">
      <p className="font-medium">
        {stored == null ? t("policies.built_in") : t("policies.own", { number: number(stored.number) })}
      </p>
      {stored != null && (
        <p className="mt-1 break-words text-ink-soft">
          {t("policies.stored_by", { who: stored.by_name ?? stored.by, when: dateTime(stored.at) })} · {stored.reason}
        </p>
      )}
      <p className="mt-1 text-ink-soft">{t("policies.within_a_minute")}</p>
    </div>
  );
}
