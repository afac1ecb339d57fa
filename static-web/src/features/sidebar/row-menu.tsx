import { Braces, FileText, Pencil, Pin, PinOff, ShieldCheck, Trash2 } from "lucide-react";

import type { Conversation } from "@/api/types";
import { toastProblem } from "@/app/toast-problem";
import { useTranslation } from "@/i18n/use-translation";
import type { MenuEntry } from "@/ui/menu";

import type { ExportFormat } from "./export";
import { useConversationActions } from "./use-conversations";

/** What a conversation's menu offers; the chat page shows the same. */
export function useRowMenu(conversation: Conversation, on: { onRename(): void; onGrants(): void; onDelete(): void }): MenuEntry[] {
  const { t } = useTranslation("sidebar");
  const { setPinned } = useConversationActions();
  const { pinned } = conversation;
  const exportAs = (format: ExportFormat) => void import("./export").then(({ exportConversation }) => exportConversation(conversation, format)).catch(toastProblem);
  return [
    { kind: "action", label: t("menu.rename"), icon: <Pencil size={15} aria-hidden />, run: on.onRename },
    {
      kind: "action",
      label: pinned ? t("menu.unpin") : t("menu.pin"),
      icon: pinned ? <PinOff size={15} aria-hidden /> : <Pin size={15} aria-hidden />,
      run: () => void setPinned(conversation, !pinned),
    },
    { kind: "action", label: t("menu.grants"), icon: <ShieldCheck size={15} aria-hidden />, run: on.onGrants },
    { kind: "action", label: t("menu.export_markdown"), icon: <FileText size={15} aria-hidden />, run: () => exportAs("markdown") },
    { kind: "action", label: t("menu.export_json"), icon: <Braces size={15} aria-hidden />, run: () => exportAs("json") },
    { kind: "separator" },
    { kind: "action", label: t("menu.delete"), icon: <Trash2 size={15} aria-hidden />, danger: true, run: on.onDelete },
  ];
}
