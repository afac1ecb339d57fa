import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ClipboardCheck, Eye, ShieldCheck, UserCheck } from "lucide-react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import { useMe } from "@/api/queries";
import { usePageTitle } from "@/app/page-title";
import { useSession } from "@/auth/session";

import { Composer, type ComposerHandle } from "../composer/composer";
import { ChatHeader } from "../header/chat-header";
import { ModelPicker } from "../header/model-picker";
import { SubscriptionPicker } from "../header/subscription-picker";
import { preloadMarkdown } from "../markdown/markdown";
import { NotSent } from "../not-sent";
import { NEW, send, useOutgoing } from "../outbox";
import { SendingTurn } from "../thread/thread";
import { ROOT } from "../thread/tree";
import { SuggestionCards } from "./suggestion-cards";

const NO_TOKENS = { input: 0, output: 0 };

/** The page of a conversation that has not begun. */
export function NewChatScreen() {
  const { t } = useTranslation("chat");
  const client = useQueryClient();
  const navigate = useNavigate();
  const me = useMe();
  const signedInAs = useSession((state) => state.name);
  const outgoing = useOutgoing(NEW);
  const composer = useRef<ComposerHandle>(null);
  const name = me.data?.name ?? signedInAs;
  usePageTitle(t("new_chat"));
  useEffect(preloadMarkdown, []);

  const ask = async (text: string, typed: boolean) => {
    const conversationId = await send(client, NEW, { text, parent: undefined, place: ROOT, answers: null });
    if (conversationId !== null) {
      await navigate({ to: "/c/$conversationId", params: { conversationId } });
    } else if (typed) composer.current?.giveBack(text);
  };

  if (outgoing?.phase === "sending") {
    return (
      <>
        <ChatHeader title={t("untitled")} tokens={NO_TOKENS} />
        <div className="min-h-0 flex-1 overflow-y-auto">
          <div className="mx-auto w-full max-w-3xl px-4 py-6">
            <SendingTurn text={outgoing.text} />
          </div>
        </div>
        <div className="px-4 pt-2 pb-3">
          <Composer ref={composer} slot={NEW} busy onSend={() => {}} />
        </div>
      </>
    );
  }
  return (
    <>
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex min-h-full w-full max-w-3xl flex-col justify-center gap-8 px-4 py-8">
          <div className="space-y-3">
            <h1 className="text-2xl leading-snug font-semibold text-balance sm:text-3xl">
              {name === null || name === undefined ? t("greeting") : t("greeting_named", { name })}
            </h1>
            <p className="max-w-prose text-ink-soft">{t("first_run.text")}</p>
            <div className="flex flex-wrap items-center gap-2 pt-1">
              <SubscriptionPicker />
              <ModelPicker />
            </div>
          </div>
          <SuggestionCards onChoose={(text) => composer.current?.offer(text)} />
          <section aria-labelledby="what-i-can-do" className="space-y-3">
            <h2 id="what-i-can-do" className="text-sm font-semibold text-ink-soft">
              {t("first_run.can_do")}
            </h2>
            <ul className="grid gap-x-8 gap-y-2.5 text-sm sm:grid-cols-2">
              {(
                [
                  [Eye, "look"],
                  [ShieldCheck, "change"],
                  [UserCheck, "rights"],
                  [ClipboardCheck, "record"],
                ] as const
              ).map(([Icon, key]) => (
                <li key={key} className="flex items-start gap-2.5">
                  <Icon size={16} className="mt-1 shrink-0 text-lead" aria-hidden />
                  {t(`first_run.${key}`)}
                </li>
              ))}
            </ul>
          </section>
        </div>
      </div>
      <div className="px-4 pt-2 pb-3">
        {outgoing?.phase === "failed" && <NotSent slot={NEW} outgoing={outgoing} onRetry={() => void ask(outgoing.text, true)} />}
        <Composer ref={composer} slot={NEW} busy={false} onSend={(text) => void ask(text, true)} />
      </div>
    </>
  );
}
