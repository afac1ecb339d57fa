import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { ProblemError } from "@/api/problem";
import { useMe } from "@/api/queries";
import { usePageTitle } from "@/app/page-title";
import { ChainStatus } from "@/features/audit/chain-status";
import { filterOf, searchOf, type Filter } from "@/features/audit/filter";
import { FilterForm } from "@/features/audit/filter-form";
import { AUDIT_KEY, recordQuery } from "@/features/audit/queries";
import { RecordDetails } from "@/features/audit/record-details";
import { RecordList } from "@/features/audit/record-list";
import { useTranslation } from "@/i18n/use-translation";
import { ButtonLink } from "@/ui/button-link";
import { ProblemNotice } from "@/ui/problem-notice";
import { SkeletonList } from "@/ui/skeleton";

/** Those who read everybody's records, which is recorded. */
const AUDITOR = "audit.read_tenant";

/** What has happened: one's own, and for auditors everybody's. The address says what is shown. */
export function AuditPage() {
  const { t } = useTranslation("audit");
  const me = useMe();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const filter = filterOf(useSearch({ strict: false }));
  usePageTitle(t("title"));
  const isAuditor = me.data?.permissions.includes(AUDITOR) === true;
  const apply = (next: Filter) => {
    // The same filters again mean: look again.
    void queries.invalidateQueries({ queryKey: AUDIT_KEY });
    void navigate({ to: "/audit", search: searchOf(next) as never });
  };
  return (
    <Frame title={t("title")} text={t(isAuditor ? "text_tenant" : "text_own")}>
      {me.data === undefined ? (
        me.error === null ? <SkeletonList rows={6} /> : <ProblemNotice error={me.error} onRetry={() => void me.refetch()} />
      ) : (
        <>
          <FilterForm key={JSON.stringify(filter)} filter={filter} mayPerson={isAuditor} onApply={apply} />
          <section aria-labelledby="audit-chain" className="space-y-3">
            <h2 id="audit-chain" className="text-lg font-semibold">
              {t("chain.title")}
            </h2>
            <ChainStatus key={JSON.stringify(filter)} filter={filter} />
          </section>
          <section aria-labelledby="audit-records" className="space-y-3">
            <h2 id="audit-records" className="text-lg font-semibold">
              {t("list")}
            </h2>
            <RecordList filter={filter} onClear={apply} />
          </section>
        </>
      )}
    </Frame>
  );
}

/** One record, at an address that can be handed on. */
export function AuditRecordPage() {
  const { t } = useTranslation("audit");
  const { recordId } = useParams({ strict: false }) as { recordId: string };
  const record = useQuery(recordQuery(recordId));
  const title = record.data === undefined ? t("title") : t(`kinds.${record.data.kind}`, { defaultValue: record.data.kind });
  usePageTitle(title);
  const isMissing = record.error instanceof ProblemError && record.error.status === 404;
  return (
    <Frame title={title} text={isMissing ? t("record.missing") : ""}>
      {record.data !== undefined ? (
        <div className="rounded-card border border-line bg-raised p-4 shadow-card">
          <RecordDetails record={record.data} />
        </div>
      ) : record.error === null ? (
        <SkeletonList rows={6} />
      ) : (
        !isMissing && <ProblemNotice error={record.error} onRetry={() => void record.refetch()} />
      )}
      <ButtonLink to="/audit">{t("record.link_to_list")}</ButtonLink>
    </Frame>
  );
}

function Frame({ title, text, children }: { title: string; text: string; children: ReactNode }) {
  return (
    <div className="min-h-0 flex-1 overflow-y-auto" data-scroll="page">
      <div className="mx-auto max-w-5xl space-y-6 px-4 py-8 sm:px-8">
        <header>
          <h1 className="text-2xl font-semibold">{title}</h1>
          {text !== "" && <p className="mt-1 max-w-prose text-sm text-ink-soft">{text}</p>}
        </header>
        {children}
      </div>
    </div>
  );
}
