import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import { LoaderCircle, MoreHorizontal } from "lucide-react";
import { lazy, Suspense, useRef, useState } from "react";

import type { Conversation } from "@/api/types";
import { isShortcutOn } from "@/app/shortcuts/use-shortcut";
import { withoutSealed } from "@/features/tools/secret/sealed";
import { withTexts } from "@/i18n";
import { useTranslation } from "@/i18n/use-translation";
import { useTurns } from "@/realtime/turns";
import { IconButton } from "@/ui/button";
import { Menu } from "@/ui/menu";

import { RenameField } from "./rename-field";
import { useRowMenu } from "./row-menu";
import { useConversationActions } from "./use-conversations";

/** Seldom asked for. */
const GrantDialog = lazy(() => withTexts("approvals", import("@/features/approvals/grants/grant-dialog")).then((module) => ({ default: module.GrantDialog })));

interface ConversationRowProps {
  conversation: Conversation;
  isOpen: boolean;
  /** Whether Tab stops here. */
  isStop: boolean;
  onFocus(): void;
  /** It is about to be deleted while it has the focus. */
  onGone(): void;
}

export function ConversationRow({ conversation, isOpen, isStop, onFocus, onGone }: ConversationRowProps) {
  const { t } = useTranslation("sidebar");
  const actions = useConversationActions();
  const link = useRef<HTMLAnchorElement>(null);
  const [renaming, setRenaming] = useState(false);
  const [showsGrants, setShowsGrants] = useState(false);
  const running = useIsRunning(conversation);
  const title = conversation.title === "" ? t("untitled") : withoutSealed(conversation.title);
  const remove = () => {
    onGone();
    void actions.remove(conversation);
  };
  const entries = useRowMenu(conversation, { onRename: () => setRenaming(true), onGrants: () => setShowsGrants(true), onDelete: remove });

  if (renaming) {
    return (
      <RenameField
        title={conversation.title}
        onSave={(text) => void actions.rename(conversation, text)}
        onDone={(focusBack) => {
          setRenaming(false);
          if (focusBack) requestAnimationFrame(() => link.current?.focus());
        }}
      />
    );
  }
  return (
    <div
      className={clsx(
        "group flex scroll-mt-10 items-center rounded-control transition-colors",
        isOpen ? "bg-lead-soft text-ink" : "text-ink-soft hover:bg-sunken hover:text-ink",
      )}
      onFocus={onFocus}
    >
      <Link
        ref={link}
        to="/c/$conversationId"
        params={{ conversationId: conversation.id }}
        data-row={conversation.id}
        tabIndex={isStop ? 0 : -1}
        aria-current={isOpen ? "page" : undefined}
        title={title}
        onKeyDown={(event) => {
          if (event.key === "F2" && isShortcutOn("rename")) {
            event.preventDefault();
            setRenaming(true);
          } else if (event.key === "Delete") {
            event.preventDefault();
            remove();
          }
        }}
        className={clsx(
          "flex min-h-9 min-w-0 flex-1 items-center gap-2 rounded-control px-2 text-sm pointer-coarse:min-h-11",
          isOpen && "font-medium",
        )}
      >
        {running && (
          <>
            <LoaderCircle size={14} className="shrink-0 animate-spin text-lead" aria-hidden />
            <span className="sr-only">{t("running")}</span>
          </>
        )}
        <span className="truncate">{title}</span>
      </Link>
      <Menu
        align="start"
        trigger={
          <IconButton
            label={t("menu.open", { title })}
            title={t("common:more")}
            tabIndex={isStop ? 0 : -1}
            className={clsx(
              "mr-0.5 size-8 group-focus-within:opacity-100 group-hover:opacity-100 focus-visible:opacity-100 data-[state=open]:opacity-100 pointer-coarse:opacity-100",
              isOpen ? "opacity-100" : "opacity-0",
            )}
          >
            <MoreHorizontal size={16} aria-hidden />
          </IconButton>
        }
        entries={entries}
      />
      {showsGrants && (
        <Suspense fallback={null}>
          <GrantDialog conversation={conversation.id} onClose={() => setShowsGrants(false)} />
        </Suspense>
      )}
    </div>
  );
}

/** Known without asking: only turns that this tab follows. */
function useIsRunning({ last_turn_id }: Conversation): boolean {
  return useTurns(({ logs }) => {
    const log = last_turn_id == null ? undefined : logs[last_turn_id];
    return log !== undefined && log.endedAt === null;
  });
}
