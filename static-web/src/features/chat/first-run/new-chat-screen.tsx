import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef } from "react";

import { useMe } from "@/api/queries";
import { useBegun } from "@/app/begin";
import { usePageTitle } from "@/app/page-title";
import { useSession } from "@/auth/session";
import { useTranslation } from "@/i18n/use-translation";

import { Composer, type ComposerHandle } from "../composer/composer";
import { ChatHeader } from "../header/chat-header";
import { NOTHING_USED } from "../header/used";
import { NotSent, preloadLater } from "../later";
import { preloadMarkdown } from "../markdown/markdown";
import { useMode } from "../mode/modes";
import { NEW, send, useOutgoing } from "../outbox";
import { ROOT } from "../thread/tree";
import { FirstRun } from "./first-run";

const loadThread = () => import("../thread/thread");

/** Nothing of a thread is there before the first question is sent. */
const SendingTurn = lazy(() => loadThread().then((module) => ({ default: module.SendingTurn })));

/** A first question takes longer to write; until then the page has the network for itself. */
const PRELOAD_AFTER_MS = 2_000;

/** The page of a conversation that has not begun. */
export function NewChatScreen() {
  const { t } = useTranslation("chat");
  const client = useQueryClient();
  const navigate = useNavigate();
  const me = useMe();
  const signedInAs = useSession((state) => state.name);
  const outgoing = useOutgoing(NEW);
  const mode = useMode(NEW);
  const composer = useRef<ComposerHandle>(null);
  const begun = useBegun((state) => state.begun);
  useEffect(() => {
    if (begun) useBegun.setState({ begun: false });
  }, [begun]);
  usePageTitle(t("new_chat"));
  useEffect(() => {
    const timer = setTimeout(() => {
      preloadMarkdown();
      preloadLater();
      void loadThread().catch(() => undefined);
    }, PRELOAD_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);

  const ask = async (text: string, typed: boolean) => {
    const conversationId = await send(client, NEW, { text, parent: undefined, place: ROOT, answers: null, mode });
    if (conversationId !== null) {
      await navigate({ to: "/c/$conversationId", params: { conversationId } });
    } else if (typed) composer.current?.giveBack(text);
  };

  const sending = outgoing?.phase === "sending";
  return (
    <>
      {sending && <ChatHeader title={t("untitled")} used={NOTHING_USED} slot={NEW} />}
      <div className="min-h-0 flex-1 overflow-y-auto">
        {sending ? (
          <div className="mx-auto w-full max-w-3xl px-4 py-6">
            <Suspense fallback={null}>
              <SendingTurn text={outgoing.text} />
            </Suspense>
          </div>
        ) : (
          <FirstRun name={me.data?.name ?? signedInAs} onChoose={(text) => composer.current?.offer(text)} />
        )}
      </div>
      <div className="pt-2 pb-3">
        {outgoing?.phase === "failed" && (
          <Suspense fallback={null}>
            <NotSent slot={NEW} outgoing={outgoing} onRetry={() => void ask(outgoing.text, true)} />
          </Suspense>
        )}
        <Composer ref={composer} slot={NEW} busy={sending} autoFocus={begun} onSend={(text) => void ask(text, true)} />
      </div>
    </>
  );
}
