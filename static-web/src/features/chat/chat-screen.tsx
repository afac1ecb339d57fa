import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ArrowDown } from "lucide-react";
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";

import { ProblemError } from "@/api/problem";
import { usePageTitle } from "@/app/page-title";
import { useShortcut } from "@/app/shortcuts/use-shortcut";
import { withoutSealed } from "@/features/tools/secret/sealed";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { ProblemNotice } from "@/ui/problem-notice";
import { SkeletonList } from "@/ui/skeleton";
import { toast } from "@/ui/toast";

import { Composer, type ComposerHandle } from "./composer/composer";
import { ChatHeader } from "./header/chat-header";
import { useUsed } from "./header/use-used";
import { NOTHING_USED } from "./header/used";
import { Announcer, ConnectionBanner, NotSent, preloadLater } from "./later";
import { preloadMarkdown } from "./markdown/markdown";
import { useMode } from "./mode/modes";
import { rowKey, send, useOutgoing, type Question } from "./outbox";
import { conversationQuery, loadOlder, messagesQuery } from "./queries";
import { stopTurn, useStopping } from "./stop";
import { chooseBranch, useBranchChoices } from "./thread/choices";
import { Thread } from "./thread/thread";
import { nextParent, ROOT, shownPath, treeOf, type ShownTurn } from "./thread/tree";
import type { TurnActions } from "./thread/turn";
import { isRunning, useFollowedTurn, useTurnPhase } from "./thread/use-turn";
import { useStickToEnd } from "./thread/use-stick";

const NotFoundPage = lazy(() => import("@/routes/not-found").then((module) => ({ default: module.NotFoundPage })));

/** A conversation. */
export function ChatScreen({ conversationId }: { conversationId: string }) {
  const { t } = useTranslation("chat");
  const conversation = useQuery(conversationQuery(conversationId));
  const messages = useQuery(messagesQuery(conversationId));
  const title = conversation.data === undefined ? null : withoutSealed(conversation.data.title) || t("untitled");
  usePageTitle(title);
  useEffect(preloadMarkdown, []);
  useEffect(preloadLater, []);
  useNewTurnsElsewhere(conversationId, conversation.data?.last_turn_id ?? null);

  const error = conversation.error ?? messages.error;
  if (error instanceof ProblemError && error.status === 404) {
    return (
      <Suspense fallback={null}>
        <NotFoundPage />
      </Suspense>
    );
  }
  if (messages.data === undefined) {
    return (
      <>
        <ChatHeader title={title ?? t("loading_title")} used={NOTHING_USED} slot={conversationId} />
        <div className="mx-auto w-full max-w-3xl flex-1 p-4">
          {error === null ? (
            <SkeletonList rows={5} />
          ) : (
            <ProblemNotice error={error} onRetry={() => void Promise.all([conversation.refetch(), messages.refetch()])} />
          )}
        </div>
      </>
    );
  }
  return <OpenConversation conversationId={conversationId} title={title ?? t("loading_title")} />;
}

function OpenConversation({ conversationId, title }: { conversationId: string; title: string }) {
  const { t } = useTranslation("chat");
  const client = useQueryClient();
  const { data: loaded } = useQuery(messagesQuery(conversationId));
  const choices = useBranchChoices(conversationId);
  const outgoing = useOutgoing(conversationId);
  const composer = useRef<ComposerHandle>(null);
  const [editing, setEditing] = useState<string | null>(null);
  const stick = useStickToEnd();

  const items = loaded?.items;
  const tree = useMemo(() => treeOf(items ?? []), [items]);
  const path = useMemo(() => shownPath(tree, choices), [tree, choices]);
  const newest = items?.at(-1)?.turn_id;
  useFollowedTurn(conversationId, newest, false);
  const phase = useTurnPhase(newest);
  const stopped = useStopping((state) => newest !== undefined && state.turns[newest] === true);
  const running = isRunning(phase);
  const mode = useMode(conversationId, newest);
  const busy = running || outgoing?.phase === "sending";

  const ask = useCallback(
    async (question: Question, typed: boolean) => {
      setEditing(null);
      stick.toEnd();
      const sent = await send(client, conversationId, question);
      // What could not be sent goes back to where it was written.
      if (sent !== null) composer.current?.takeBack(question.text);
      else if (typed) composer.current?.giveBack(question.text);
    },
    [client, conversationId, stick.toEnd],
  );
  const actions = useMemo<TurnActions>(
    () => ({
      onEdit: (turnId, now) => {
        setEditing(now ? turnId : null);
        if (!now) composer.current?.focus();
      },
      onAskAgain: (turn: ShownTurn, text: string) =>
        void ask(
          { text, parent: turn.question?.id, place: turn.place, answers: turn.question?.parent_message_id ?? null, mode },
          false,
        ),
      onChooseBranch: (place, turnId) => chooseBranch(conversationId, place, turnId),
      onStopFailed: () => toast(t("stop_failed")),
    }),
    [ask, conversationId, mode, t],
  );
  const stopNewest = () => {
    if (running && newest !== undefined) void stopTurn(newest).catch(actions.onStopFailed);
  };
  useShortcut("stop", stopNewest);

  const onSend = (text: string) => {
    const leaf = path.at(-1);
    const parent = nextParent(path, tree);
    const sibling = leaf !== undefined && parent !== undefined && parent === leaf.question?.id;
    void ask(
      {
        text,
        parent,
        place: leaf === undefined ? ROOT : sibling ? leaf.place : leaf.turnId,
        answers: sibling ? (leaf.question?.parent_message_id ?? null) : (leaf?.answers.at(-1)?.id ?? leaf?.question?.id ?? null),
        mode,
      },
      true,
    );
  };
  const lastTurn = path.at(-1)?.turnId;
  // The page was opened by sending its first question.
  const [sentHere] = useState(() => newest !== undefined && rowKey(newest) !== newest);

  return (
    <>
      <ChatHeader title={title} used={useUsed(path, newest)} slot={conversationId} newestTurn={newest} />
      {newest !== undefined && running && (
        <Suspense fallback={null}>
          <ConnectionBanner turnId={newest} />
        </Suspense>
      )}
      <div className="relative min-h-0 flex-1">
        <div ref={stick.scroller} className="h-full overflow-y-auto" data-testid="thread-scroller">
          <div ref={stick.content} className="mx-auto w-full max-w-3xl px-4 py-6">
            <Thread
              conversationId={conversationId}
              path={path}
              outgoing={outgoing}
              editing={editing}
              busy={busy}
              actions={actions}
              onOlder={loaded?.olderCursor == null ? undefined : () => loadOlder(client, conversationId)}
            />
          </div>
        </div>
        {!stick.atEnd && (
          <Button size="small" onClick={stick.toEnd} className="absolute bottom-3 left-1/2 -translate-x-1/2 rounded-full shadow-overlay">
            <ArrowDown size={15} aria-hidden />
            {t("to_newest")}
          </Button>
        )}
      </div>
      <div className="pt-2 pb-3">
        {outgoing?.phase === "failed" && (
          <Suspense fallback={null}>
            <NotSent slot={conversationId} outgoing={outgoing} onRetry={() => void ask(outgoing, false)} />
          </Suspense>
        )}
        <Composer
          ref={composer}
          slot={conversationId}
          busy={busy}
          autoFocus={sentHere}
          onSend={onSend}
          onStop={running && !stopped ? stopNewest : undefined}
          onEditLast={lastTurn === undefined ? undefined : () => setEditing(lastTurn)}
        />
      </div>
      <Suspense fallback={null}>
        <Announcer turnId={newest} phase={phase} />
      </Suspense>
    </>
  );
}

/** A turn that another tab or device has begun. */
function useNewTurnsElsewhere(conversationId: string, lastTurnId: string | null): void {
  const client = useQueryClient();
  const asked = useRef<string | null>(null);
  useEffect(() => {
    if (lastTurnId === null || asked.current === lastTurnId) return;
    const { queryKey } = messagesQuery(conversationId);
    const known = client.getQueryData(queryKey);
    if (known === undefined || known.items.some((message) => message.turn_id === lastTurnId)) return;
    asked.current = lastTurnId;
    void client.invalidateQueries({ queryKey });
  }, [client, conversationId, lastTurnId]);
}
