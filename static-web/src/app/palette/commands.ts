import { useNavigate } from "@tanstack/react-router";
import { Keyboard, Languages, LogOut, MessageSquare, Monitor, Moon, PanelLeft, SquarePen, Sun, type LucideIcon } from "lucide-react";

import { useMe } from "@/api/queries";
import type { Conversation } from "@/api/types";
import { withoutSealed } from "@/features/tools/secret/sealed";
import { useTranslation } from "@/i18n/use-translation";

import { useAppearance } from "../appearance";
import { begin } from "../begin";
import { useLayout } from "../layout";
import { leave } from "../leave";
import { NAVIGATION } from "../navigation";
import { useOverlays } from "../overlays";
import { keysLabel } from "../shortcuts/keys-label";
import { toastProblem } from "../toast-problem";

export interface Command {
  id: string;
  label: string;
  icon: LucideIcon;
  /** Its keys. */
  hint?: string;
  run(): void;
}

export function usePaletteCommands(): { actions: Command[]; forConversation(conversation: Conversation): Command } {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { data: me } = useMe();
  const { theme, language, setTheme, setLanguage } = useAppearance();
  const themes = [
    ["light", Sun],
    ["dark", Moon],
    ["system", Monitor],
  ] as const;

  const actions: Command[] = [
    { id: "new", label: t("sidebar:new_chat"), icon: SquarePen, hint: keysLabel("new_chat"), run: () => begin(() => navigate({ to: "/c" })) },
    ...NAVIGATION.filter(({ permission }) => permission === undefined || me?.permissions.includes(permission)).map(
      ({ to, label, icon }): Command => ({ id: to, label: t(label), icon, run: () => void navigate({ to }) }),
    ),
    {
      id: "sidebar",
      label: t("nav.toggle_sidebar"),
      icon: PanelLeft,
      hint: keysLabel("sidebar"),
      run: () => {
        const { collapsed, setCollapsed } = useLayout.getState();
        setCollapsed(!collapsed);
      },
    },
    ...themes
      .filter(([choice]) => choice !== theme)
      .map(([choice, icon]): Command => ({
        id: choice,
        label: t("palette.theme", { theme: t(`theme.${choice}`) }),
        icon,
        run: () => void setTheme(choice).catch(toastProblem),
      })),
    {
      id: "language",
      label: language === "ko" ? "English" : "한국어",
      icon: Languages,
      run: () => void setLanguage(language === "ko" ? "en" : "ko").catch(toastProblem),
    },
    {
      id: "shortcuts",
      label: t("shortcut.title"),
      icon: Keyboard,
      hint: keysLabel("list"),
      run: () => useOverlays.getState().show("shortcuts"),
    },
    { id: "leave", label: t("sign_out"), icon: LogOut, run: () => void leave() },
  ];

  return {
    actions,
    forConversation: ({ id, title }) => ({
      id,
      label: title === "" ? t("sidebar:untitled") : withoutSealed(title),
      icon: MessageSquare,
      run: () => void navigate({ to: "/c/$conversationId", params: { conversationId: id } }),
    }),
  };
}
