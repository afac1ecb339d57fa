import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { ChartColumn } from "lucide-react";

import { useMe } from "@/api/queries";
import type { Me } from "@/api/types";
import { ADMINISTRATION } from "@/app/navigation";
import { usePageTitle } from "@/app/page-title";
import { usePeopleNames } from "@/features/people/names";
import { BY, DAYS, usageQuery, type By, type UsageWanted } from "@/features/usage/queries";
import { QuotaMeters } from "@/features/usage/quota-meters";
import { MEASURES, type Measure } from "@/features/usage/rows";
import { Totals } from "@/features/usage/totals";
import { UsageChart } from "@/features/usage/usage-chart";
import { UsageTable } from "@/features/usage/usage-table";
import { number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { ButtonLink } from "@/ui/button-link";
import { EmptyState } from "@/ui/empty-state";
import { ProblemNotice } from "@/ui/problem-notice";
import { Select } from "@/ui/select";
import { SkeletonList } from "@/ui/skeleton";
import { Tabs } from "@/ui/tabs";

/** Who may see everybody's. */
const TENANT = ["audit.read_tenant", ADMINISTRATION];

type Place = UsageWanted & { measure: Measure };

/** What is left, what was used, and by what. The address says what is shown. */
export function UsagePage() {
  const { t } = useTranslation("usage");
  const me = useMe();
  usePageTitle(t("title"));
  return (
    <div className="min-h-0 flex-1 overflow-y-auto" data-scroll="page">
      <div className="mx-auto max-w-5xl space-y-8 px-4 py-8 sm:px-8">
        <header>
          <h1 className="text-2xl font-semibold">{t("title")}</h1>
          <p className="mt-1 max-w-prose text-sm text-ink-soft">{t("text")}</p>
        </header>
        {me.data === undefined ? (
          me.error === null ? <SkeletonList rows={6} /> : <ProblemNotice error={me.error} onRetry={() => void me.refetch()} />
        ) : (
          <Report me={me.data} />
        )}
      </div>
    </div>
  );
}

function Report({ me }: { me: Me }) {
  const { t } = useTranslation("usage");
  const navigate = useNavigate();
  const mayTenant = me.permissions.some((permission) => TENANT.includes(permission));
  const place = placeOf(useSearch({ strict: false }), mayTenant);
  const { by, scope, days, measure } = place;
  const usage = useQuery(usageQuery(place));
  const byDay = useQuery(usageQuery({ ...place, by: "day" }));
  const names = usePeopleNames();
  const go = (change: Partial<Place>) => void navigate({ to: "/usage", search: { ...place, ...change } as never, replace: true });
  const tabs = BY.filter((name) => name !== "user" || (mayTenant && scope === "tenant"));
  const failed = [usage, byDay].find((query) => query.error !== null);
  return (
    <>
      <section aria-labelledby="usage-left" className="space-y-4">
        <h2 id="usage-left" className="text-lg font-semibold">
          {t("left")}
        </h2>
        {me.quotas.length === 0 ? <p className="text-sm text-ink-soft">{t("left_none")}</p> : <QuotaMeters quotas={me.quotas} />}
      </section>
      <div className="grid gap-4 sm:grid-cols-3">
        {mayTenant && (
          <Select
            label={t("scope_label")}
            value={scope}
            options={(["own", "tenant"] as const).map((value) => ({ value, label: t(`scope.${value}`) }))}
            onChoose={(value) => go({ scope: value as Place["scope"], ...(value === "own" && by === "user" ? { by: "day" } : {}) })}
          />
        )}
        <Select
          label={t("days_label")}
          value={String(days)}
          options={DAYS.map((n) => ({ value: String(n), label: t("days", { n: number(n) }) }))}
          onChoose={(value) => go({ days: Number(value) })}
        />
        <Select
          label={t("measure_label")}
          value={measure}
          options={MEASURES.map((value) => ({ value, label: t(`measure.${value}`) }))}
          onChoose={(value) => go({ measure: value as Measure })}
        />
      </div>
      {failed !== undefined && <ProblemNotice error={failed.error} onRetry={() => void Promise.all([usage.refetch(), byDay.refetch()])} />}
      {usage.data === undefined || byDay.data === undefined ? (
        failed === undefined && <SkeletonList rows={6} />
      ) : byDay.data.rows.length === 0 ? (
        <EmptyState
          icon={<ChartColumn size={22} />}
          title={t("empty")}
          action={
            <ButtonLink to="/c" tone="lead">
              {t("empty_action")}
            </ButtonLink>
          }
        >
          {t("empty_text")}
        </EmptyState>
      ) : (
        <>
          <Totals rows={byDay.data.rows} />
          <UsageChart from={byDay.data.from} to={byDay.data.to} rows={byDay.data.rows} measure={measure} />
          <Tabs<By> label={t("by_label")} tabs={tabs.map((name) => ({ name, label: t(`by.${name}`) }))} selected={by} onSelect={(name) => go({ by: name })}>
            <UsageTable key={by} by={by} rows={usage.data.rows} measure={measure} names={names} />
          </Tabs>
        </>
      )}
    </>
  );
}

function placeOf(search: Record<string, unknown>, mayTenant: boolean): Place {
  const one = <Value extends string | number>(values: readonly Value[], value: unknown, standard: Value): Value => values.find((known) => known === value) ?? standard;
  const scope = mayTenant ? one(["own", "tenant"] as const, search["scope"], "own") : "own";
  const by = one(BY, search["by"], "day");
  return {
    scope,
    by: by === "user" && scope === "own" ? "day" : by,
    days: one(DAYS, search["days"], 30),
    measure: one(MEASURES, search["measure"], "tool_calls"),
  };
}
