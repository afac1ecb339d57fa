import { RotateCw } from "lucide-react";
import { lazy, memo, Suspense, useMemo } from "react";

import { BeforeCall } from "@/features/approvals/outside-text";
import { holdsSealed } from "@/features/tools/secret/sealed";
import { useTranslation } from "@/i18n/use-translation";
import { hasEnded } from "@/realtime/turn-log";
import { IconButton } from "@/ui/button";
import { CopyButton } from "@/ui/copy-button";

import { stopTurn, useStopping } from "../stop";
import { AnswerStep } from "./answer";
import { PROVISIONAL } from "./messages";
import { Question, type QuestionProps } from "./question";
import { StatusLine } from "./status-line";
import type { ShownTurn } from "./tree";
import { TurnFacts } from "./turn-facts";
import { useTurnLog } from "./use-turn";

/** Seldom needed. */
const AzureSignInCard = lazy(() => import("./azure-sign-in-card").then((module) => ({ default: module.AzureSignInCard })));

const TurnFailure = lazy(() => import("./turn-failure").then((module) => ({ default: module.TurnFailure })));

export interface TurnActions {
  onEdit(turnId: string, editing: boolean): void;
  /** Asks the same or another text as an alternative of this turn. */
  onAskAgain(turn: ShownTurn, text: string): void;
  onChooseBranch(place: string, turnId: string): void;
  onStopFailed(error: unknown): void;
}

export interface TurnProps {
  conversationId: string;
  turn: ShownTurn;
  /** The shown branch, of which it is one. */
  path: readonly ShownTurn[];
  editing: boolean;
  busy: boolean;
  actions: TurnActions;
}

/** A question and everything that came of it. */
export const TurnArticle = memo(function TurnArticle({ conversationId, turn, path, editing, busy, actions }: TurnProps) {
  const { t } = useTranslation("chat");
  const { turnId, question } = turn;
  const log = useTurnLog(conversationId, turnId, turn.answers, question?.id.startsWith(PROVISIONAL) === true);
  const stopping = useStopping((state) => state.turns[turnId] === true) && !hasEnded(log);
  const phase = stopping ? "stopping" : log.phase;
  const before = useMemo(() => ({ turns: idsAbove(path, turnId), steps: log.steps }), [path, turnId, log.steps]);
  const said = log.steps.map((step) => step.text).filter((text) => text !== "");
  const ended = hasEnded(log);
  // What was sealed is gone, so it must be typed again.
  const retry =
    question === null ? undefined : () => (holdsSealed(question.text) ? actions.onEdit(turnId, true) : actions.onAskAgain(turn, question.text));
  const questionProps: QuestionProps | null = question && {
    turnId,
    text: question.text,
    siblings: turn.siblings,
    editing,
    busy,
    onEdit: (now) => actions.onEdit(turnId, now),
    onSend: (text) => actions.onAskAgain(turn, text),
    onChooseBranch: (chosen) => actions.onChooseBranch(turn.place, chosen),
  };
  return (
    <article aria-label={t("turn_label")} data-turn={turnId} data-seq={log.lastSeq} data-phase={phase} className="space-y-4">
      {questionProps !== null && <Question {...questionProps} />}
      <div className="min-w-0 space-y-3">
        <BeforeCall value={before}>
          {log.steps.map((step, index) => (
            <AnswerStep key={step.step} step={step} turnId={turnId} streaming={!ended && index === log.steps.length - 1} />
          ))}
        </BeforeCall>
        {log.phase === "done" && said.length === 0 && <p className="text-ink-soft italic">{t("answer.empty")}</p>}
        {phase === "waiting_azure_sign_in" && (
          <Suspense fallback={null}>
            <AzureSignInCard />
          </Suspense>
        )}
        {log.phase === "failed" && log.error !== null && (
          <Suspense fallback={null}>
            <TurnFailure error={log.error} onRetry={busy ? undefined : retry} />
          </Suspense>
        )}
        {log.phase !== "done" && log.phase !== "failed" && (
          <StatusLine phase={phase} log={log} onStop={() => void stopTurn(turnId).catch(actions.onStopFailed)} />
        )}
        {ended && (
          <div className="-ml-2 flex flex-wrap items-center gap-0.5 text-xs text-ink-soft">
            {said.length > 0 && <CopyButton text={said.join("\n\n")} label={t("answer.copy")} />}
            {retry !== undefined && (
              <IconButton label={t("answer.retry")} onClick={retry} disabled={busy}>
                <RotateCw size={15} aria-hidden />
              </IconButton>
            )}
            <TurnFacts log={log} />
          </div>
        )}
      </div>
    </article>
  );
});

function idsAbove(path: readonly ShownTurn[], turnId: string): string[] {
  const ids = path.map((turn) => turn.turnId);
  return ids.slice(0, Math.max(0, ids.indexOf(turnId)));
}
