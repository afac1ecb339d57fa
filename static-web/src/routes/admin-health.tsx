import { useQuery } from "@tanstack/react-query";
import { RotateCw } from "lucide-react";

import { healthQuery, readinessQuery } from "@/features/admin/health/queries";
import { ReadinessList } from "@/features/admin/health/readiness-list";
import { ServerCard } from "@/features/admin/health/server-card";
import { PageHead } from "@/features/admin/page-head";
import { time } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { ProblemNotice } from "@/ui/problem-notice";
import { SkeletonList } from "@/ui/skeleton";

/** How the service and its tool servers are. */
export function HealthPage() {
  const { t } = useTranslation("admin");
  const readiness = useQuery(readinessQuery);
  const health = useQuery(healthQuery);
  const looking = readiness.isFetching || health.isFetching;
  const look = () => void Promise.all([readiness.refetch(), health.refetch()]);
  return (
    <div className="space-y-8">
      <PageHead
        title={t("health.title")}
        text={t("health.text")}
        aside={
          <div className="flex flex-wrap items-center gap-3">
            <span role="status" className="text-xs text-ink-soft">
              {readiness.data !== undefined && !looking && t("health.checked_at", { time: time(readiness.data.checked_at) })}
            </span>
            {/* Not disabled while it looks: the focus would be lost. */}
            <Button size="small" aria-disabled={looking} onClick={() => !looking && look()}>
              <RotateCw size={14} aria-hidden className={looking ? "animate-spin motion-reduce:animate-none" : undefined} />
              {t("health.look_again")}
            </Button>
          </div>
        }
      />
      <section aria-labelledby="health-service" className="space-y-3">
        <h2 id="health-service" className="text-lg font-semibold">
          {t("health.service")}
        </h2>
        {readiness.error !== null && <ProblemNotice error={readiness.error} onRetry={() => void readiness.refetch()} />}
        {readiness.data !== undefined ? <ReadinessList report={readiness.data} /> : readiness.error === null && <SkeletonList rows={4} />}
      </section>
      <section aria-labelledby="health-servers" className="space-y-3">
        <h2 id="health-servers" className="text-lg font-semibold">
          {t("health.servers")}
        </h2>
        {health.error !== null && <ProblemNotice error={health.error} onRetry={() => void health.refetch()} />}
        {health.data === undefined ? (
          health.error === null && <SkeletonList rows={4} />
        ) : health.data.servers.length === 0 ? (
          <p className="text-sm text-ink-soft">{t("health.no_servers")}</p>
        ) : (
          <ul className="grid gap-4 lg:grid-cols-2">
            {health.data.servers.map((server) => (
              <ServerCard key={server.name} server={server} />
            ))}
          </ul>
        )}
      </section>
    </div>
  );
}
