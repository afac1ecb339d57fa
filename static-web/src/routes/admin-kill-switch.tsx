import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleCheck, OctagonX } from "lucide-react";

import type { KillSwitch } from "@/api/types";
import { KillSwitchDesk } from "@/features/admin/kill-switch/kill-switch-desk";
import { killSwitchQuery, positionOf } from "@/features/admin/kill-switch/queries";
import { PageHead } from "@/features/admin/page-head";
import { dateTime } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { ProblemNotice } from "@/ui/problem-notice";
import { SkeletonList } from "@/ui/skeleton";

/** Stops the tool calls of a whole organization, and lets them go on. */
export function KillSwitchPage() {
  const { t } = useTranslation("kill_switch");
  const { data, error, refetch } = useQuery(killSwitchQuery);
  return (
    <div className="max-w-3xl space-y-8">
      <PageHead title={t("title")} text={t("text")} />
      {error !== null && <ProblemNotice error={error} onRetry={() => void refetch()} />}
      {data === undefined ? (
        error === null && <SkeletonList rows={5} />
      ) : (
        <>
          <section aria-labelledby="kill-switch-now" className="space-y-3">
            <h2 id="kill-switch-now" className="text-lg font-semibold">
              {t("now")}
            </h2>
            <State present={data.value} />
          </section>
          <section aria-labelledby="kill-switch-turn" className="space-y-3">
            <h2 id="kill-switch-turn" className="text-lg font-semibold">
              {t("turn")}
            </h2>
            <KillSwitchDesk present={data.value} etag={data.etag} />
          </section>
        </>
      )}
    </div>
  );
}

function State({ present }: { present: KillSwitch }) {
  const { t } = useTranslation("kill_switch");
  const position = positionOf(present);
  const stored = present.stored ?? null;
  const Icon = present.on ? OctagonX : CircleCheck;
  return (
    <div className={`flex items-start gap-3 rounded-card border p-4 text-sm ${present.on ? "border-bad/40 bg-bad-soft" : "border-line bg-raised shadow-card"}`}>
      <Icon size={20} aria-hidden className={`mt-0.5 shrink-0 ${present.on ? "text-bad" : "text-good"}`} />
      <div className="min-w-0 space-y-1">
        <p className="font-semibold">{t(`position.${position}`)}</p>
        <p className="text-ink-soft">{t(`position.${position}_text`)}</p>
        {stored === null ? (
          <p className="text-ink-soft">{t("never")}</p>
        ) : (
          <>
            <p className="break-words">{t("turned", { who: stored.by_name ?? stored.by, when: dateTime(stored.at), reason: stored.reason })}</p>
            <p className="text-xs text-ink-soft">
              {t("times", { count: stored.number })}{" "}
              <Link to="/audit" search={{ kind: "admin", range: "all" } as never} className="text-lead underline underline-offset-2">
                {t("common:nav.audit")}
              </Link>
            </p>
          </>
        )}
      </div>
    </div>
  );
}
