import { useQuery } from "@tanstack/react-query";

import { toastProblem } from "@/app/toast-problem";
import { dateTime } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { ProblemNotice } from "@/ui/problem-notice";
import { SkeletonList } from "@/ui/skeleton";
import { toast } from "@/ui/toast";

import { placeOf } from "./place";
import { grantsQuery, useTakeBack } from "./queries";

/** What a conversation may do without asking again; each can be taken back. */
export function GrantDialog({ conversation, onClose }: { conversation: string; onClose(): void }) {
  const { t } = useTranslation("approvals");
  const { data, error, refetch } = useQuery(grantsQuery(conversation));
  const takeBack = useTakeBack(conversation);
  return (
    <Dialog open onOpenChange={onClose} title={t("grants.title")} description={t("grants.text")}>
      {error !== null && <ProblemNotice error={error} onRetry={() => void refetch()} />}
      {data === undefined ? (
        error === null && <SkeletonList rows={2} />
      ) : data.items.length === 0 ? (
        <p className="text-sm text-ink-soft">{t("grants.none")}</p>
      ) : (
        <ul aria-label={t("grants.title")} className="divide-y divide-line rounded-control border border-line text-sm">
          {data.items.map((grant) => {
            const tool = `${grant.server}.${grant.tool}`;
            return (
              <li key={grant.id} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-3 py-2.5">
                <span className="min-w-0">
                  <span className="block font-mono text-xs break-all">{tool}</span>
                  <span className="block break-words">{t(`grants.${grant.covers}`, { place: placeOf(grant) })}</span>
                  <span className="block text-ink-soft">{t("grants.until", { when: dateTime(grant.expires_at) })}</span>
                </span>
                <Button
                  size="small"
                  aria-label={t("grants.take_back_named", { tool })}
                  disabled={takeBack.isPending}
                  onClick={() => takeBack.mutate(grant.id, { onSuccess: () => toast(t("grants.taken_back")), onError: toastProblem })}
                >
                  {t("grants.take_back")}
                </Button>
              </li>
            );
          })}
        </ul>
      )}
    </Dialog>
  );
}
