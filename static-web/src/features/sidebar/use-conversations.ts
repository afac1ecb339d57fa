/** What can be done with a conversation, shown at once and taken back when it is refused. */
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useRouterState } from "@tanstack/react-router";

import { ProblemError } from "@/api/problem";
import type { Conversation } from "@/api/types";
import { toastProblem } from "@/app/toast-problem";
import { useTranslation } from "@/i18n/use-translation";
import { toast } from "@/ui/toast";

import { changeConversation, deleteConversation, restoreConversation, type ConversationChange } from "./edit";
import { changeLists, CONVERSATIONS } from "./queries";

/** The conversation on the screen. */
export function useOpenConversation(): string | null {
  return useRouterState({
    select: (state) => /^\/c\/([^/]+)$/.exec(state.location.pathname)?.[1] ?? null,
  });
}

export function useConversationActions() {
  const { t } = useTranslation("sidebar");
  const queries = useQueryClient();
  const navigate = useNavigate();
  const open = useOpenConversation();

  const settle = () => queries.invalidateQueries({ queryKey: CONVERSATIONS });

  const change = async (seen: Conversation, wanted: ConversationChange): Promise<void> => {
    const put = (value: Partial<Conversation>) =>
      changeLists(queries, (items) => items.map((item) => (item.id === seen.id ? { ...item, ...value } : item)));
    const rollBack = await put(wanted);
    try {
      const changed = await changeConversation(seen, wanted);
      await put(changed);
      queries.setQueryData(["conversation", seen.id], changed);
    } catch (error) {
      rollBack();
      if (error instanceof ProblemError && error.status === 412) toast(t("rename.stale"));
      else toastProblem(error);
    }
    await settle();
  };

  const remove = async (conversation: Conversation): Promise<void> => {
    const { id } = conversation;
    const wasOpen = open === id;
    const rollBack = await changeLists(queries, (items) => items.filter((item) => item.id !== id));
    if (wasOpen) await navigate({ to: "/c" });
    const restore = async () => {
      try {
        await restoreConversation(id);
        await settle();
        if (wasOpen) await navigate({ to: "/c/$conversationId", params: { conversationId: id } });
        toast(t("delete.restored"));
      } catch (error) {
        toastProblem(error);
      }
    };
    try {
      await deleteConversation(id);
      toast(t("delete.done"), { label: t("common:undo"), run: () => void restore() });
    } catch (error) {
      rollBack();
      toastProblem(error);
    }
    await settle();
  };

  return {
    rename: (seen: Conversation, title: string) => change(seen, { title }),
    setPinned: (seen: Conversation, pinned: boolean) => change(seen, { pinned }),
    remove,
  };
}
