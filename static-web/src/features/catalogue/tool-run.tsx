import { useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect } from "react";

import { toastProblem } from "@/app/toast-problem";
import { ToolCall } from "@/features/chat/later";
import { isOver, turnQuery } from "@/features/chat/queries";
import { stopTurn, useStopping } from "@/features/chat/stop";
import { dateTime } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { snapshotLog, withFacts, withPreviewing } from "@/realtime/turn-snapshot";
import { follow, useTurns } from "@/realtime/turns";
import { Button } from "@/ui/button";
import { SkeletonList } from "@/ui/skeleton";

/** Seldom needed. */
const AzureSignInCard = lazy(() => import("@/features/chat/thread/azure-sign-in-card").then((module) => ({ default: module.AzureSignInCard })));
const TurnFailure = lazy(() => import("@/features/chat/thread/turn-failure").then((module) => ({ default: module.TurnFailure })));

/** What events do not tell is looked for so often while it runs, and while somebody must decide. */
const LOOK_MS = { running: 1_000, waiting: 5_000 };

/** One run: its call as the chat shows it, approval and result included. */
export function ToolRun({ turnId }: { turnId: string }) {
  const { t } = useTranslation("catalogue");
  const client = useQueryClient();
  const live = useTurns((state) => state.logs[turnId]);
  const connection = useTurns((state) => state.connections[turnId]);
  const { data: turn } = useQuery({
    ...turnQuery(turnId),
    refetchInterval: ({ state }) => (state.data === undefined || isOver(state.data) ? false : state.data.status === "waiting" ? LOOK_MS.waiting : LOOK_MS.running),
  });
  const stopping = useStopping((state) => state.turns[turnId] === true);
  useEffect(() => follow(turnId), [turnId]);
  useEffect(() => {
    if (connection === "ended" || connection === "expired") void client.invalidateQueries({ queryKey: turnQuery(turnId).queryKey });
  }, [client, turnId, connection]);
  if (turn === undefined) return <SkeletonList rows={1} />;
  const isNewer = live !== undefined && live.lastSeq > turn.event_seq && !isOver(turn);
  const log = isNewer ? withFacts(withPreviewing(live, turn), turn) : snapshotLog(turn, []);
  return (
    <section aria-label={t("run_of", { when: dateTime(turn.created_at) })} data-phase={log.phase} className="space-y-2">
      {log.steps.flatMap((step) => step.calls).map((call) => (
        <Suspense key={call.id} fallback={<SkeletonList rows={1} />}>
          <ToolCall call={call} turnId={turnId} />
        </Suspense>
      ))}
      <Suspense fallback={null}>
        {log.phase === "waiting_azure_sign_in" && <AzureSignInCard />}
        {log.phase === "failed" && log.error !== null && <TurnFailure error={log.error} />}
      </Suspense>
      {!isOver(turn) && (
        <Button size="small" disabled={stopping} onClick={() => void stopTurn(turnId).catch(toastProblem)}>
          {t("stop")}
        </Button>
      )}
    </section>
  );
}
