import { useInfiniteQuery } from "@tanstack/react-query";
import { LogOut, MonitorCheck } from "lucide-react";
import { useState } from "react";

import { leave } from "@/app/leave";
import { toastProblem } from "@/app/toast-problem";
import { dateTime } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { ProblemNotice } from "@/ui/problem-notice";
import { SkeletonList } from "@/ui/skeleton";
import { toast } from "@/ui/toast";

import { sessionsQuery, useEndSession, useSignOutEverywhere } from "./queries";

/** Where one is signed in: each can be ended by itself, and all of them at once. */
export function SessionsSection() {
  const { t } = useTranslation("settings");
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(sessionsQuery);
  const end = useEndSession();
  if (data === undefined) {
    return error === null ? <SkeletonList rows={2} /> : <ProblemNotice error={error} onRetry={() => void refetch()} />;
  }
  const sessions = data.pages.flatMap((page) => page.items);
  return (
    <div className="space-y-4">
      {error !== null && <ProblemNotice error={error} onRetry={() => void refetch()} />}
      {sessions.length === 0 ? (
        <p className="text-sm text-ink-soft">{t("sessions.none")}</p>
      ) : (
        <ul aria-label={t("sessions.title")} className="divide-y divide-line rounded-control border border-line text-sm">
          {sessions.map(({ id, began_at, last_seen_at, current }) => (
            <li key={id} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-3 py-2.5">
              <span className="min-w-0">
                <span className="block">{t("sessions.began", { when: dateTime(began_at) })}</span>
                <span className="block text-ink-soft">{t("sessions.seen", { when: dateTime(last_seen_at) })}</span>
              </span>
              {current ? (
                <Badge tone="good" icon={<MonitorCheck size={13} aria-hidden />}>
                  {t("sessions.current")}
                </Badge>
              ) : (
                <Button
                  size="small"
                  disabled={end.isPending}
                  aria-label={t("sessions.end_named", { when: dateTime(began_at) })}
                  onClick={() => end.mutate(id, { onSuccess: () => toast(t("sessions.ended")), onError: toastProblem })}
                >
                  {t("sessions.end")}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      {hasNextPage && (
        <Button size="small" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t("sessions.more")}
        </Button>
      )}
      <Everywhere />
    </div>
  );
}

function Everywhere() {
  const { t } = useTranslation("settings");
  const [isAsking, setIsAsking] = useState(false);
  const signOut = useSignOutEverywhere();
  const confirm = () => signOut.mutate(undefined, { onSuccess: () => void leave(), onError: toastProblem, onSettled: () => setIsAsking(false) });
  return (
    <>
      <Button tone="danger" onClick={() => setIsAsking(true)}>
        <LogOut size={16} aria-hidden />
        {t("sessions.everywhere")}
      </Button>
      {isAsking && (
        <Dialog open onOpenChange={() => setIsAsking(false)} title={t("sessions.everywhere_title")} description={t("sessions.everywhere_text")}>
          <div className="flex flex-wrap justify-end gap-2">
            <Button onClick={() => setIsAsking(false)}>{t("common:cancel")}</Button>
            <Button tone="danger" disabled={signOut.isPending} onClick={confirm}>
              {t("sessions.everywhere")}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}
