import { useInfiniteQuery } from "@tanstack/react-query";

import { toastProblem } from "@/app/toast-problem";
import { dateTime } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { ProblemNotice } from "@/ui/problem-notice";
import { SkeletonList } from "@/ui/skeleton";
import { toast } from "@/ui/toast";

import { sessionsQuery, useRevokeSession } from "./queries";

/** Where a person is signed in; each can be ended by itself. */
export function SessionList({ oid }: { oid: string }) {
  const { t } = useTranslation("admin");
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(sessionsQuery(oid));
  const revoke = useRevokeSession(oid);
  const end = (id: string) => revoke.mutate(id, { onSuccess: () => toast(t("users.session_ended")), onError: toastProblem });
  const sessions = data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section aria-label={t("users.sessions")} className="space-y-2">
      <p className="font-semibold">{t("users.sessions")}</p>
      {error !== null && <ProblemNotice error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <SkeletonList rows={2} />}
      {data !== undefined && sessions.length === 0 && <p className="text-ink-soft">{t("users.no_sessions")}</p>}
      {sessions.length > 0 && (
        <ul className="divide-y divide-line rounded-control border border-line">
          {sessions.map(({ id, began_at, last_seen_at, current }) => (
            <li key={id} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-3 py-2">
              <span className="min-w-0">
                {t("users.session", { began: dateTime(began_at), seen: dateTime(last_seen_at) })}
                {current && <span className="block text-ink-soft">{t("users.session_current")}</span>}
              </span>
              <Button size="small" disabled={revoke.isPending} onClick={() => end(id)}>
                {t("users.session_end")}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {hasNextPage && (
        <Button size="small" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t(isFetchingNextPage ? "loading_more" : "load_more")}
        </Button>
      )}
    </section>
  );
}
