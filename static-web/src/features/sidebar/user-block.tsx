import { useNavigate } from "@tanstack/react-router";
import { ChevronsUpDown, LogOut, Settings } from "lucide-react";

import { useMe } from "@/api/queries";
import { useAppearance } from "@/app/appearance";
import { leave } from "@/app/leave";
import type { ThemeChoice } from "@/app/theme";
import { toastProblem } from "@/app/toast-problem";
import { useSession } from "@/auth/session";
import { currentLanguage, type Language } from "@/i18n";
import { useTranslation } from "@/i18n/use-translation";
import { Avatar } from "@/ui/avatar";
import { Menu, type MenuEntry } from "@/ui/menu";

/** Who is signed in, and what is quickly changed. `compact` shows the picture only. */
export function UserBlock({ compact = false }: { compact?: boolean }) {
  const { t } = useTranslation("sidebar");
  const { data: me } = useMe();
  const sessionName = useSession((state) => state.name);
  const entries = useUserMenu();
  const name = me?.name ?? sessionName ?? "";
  const roles = (me?.roles ?? []).map((role) => t(`common:role.${role}.name`, { defaultValue: role })).join(", ");

  return (
    <Menu
      align="start"
      trigger={
        <button
          type="button"
          aria-label={t("user.menu", { name })}
          title={compact ? name : undefined}
          className="flex min-h-11 w-full items-center gap-2.5 rounded-control px-1.5 py-1 text-left transition-colors hover:bg-sunken"
        >
          <Avatar name={name} />
          {!compact && (
            <>
              <span className="min-w-0 flex-1">
                <span title={name} className="block truncate text-sm font-medium">{name}</span>
                <span title={roles} className="block truncate text-xs text-ink-faint">{roles}</span>
              </span>
              <ChevronsUpDown size={15} className="mr-1 shrink-0 text-ink-faint" aria-hidden />
            </>
          )}
        </button>
      }
      entries={entries}
    />
  );
}

function useUserMenu(): MenuEntry[] {
  const { t } = useTranslation("sidebar");
  const navigate = useNavigate();
  const { theme, setLanguage, setTheme } = useAppearance();
  return [
    { kind: "label", text: t("user.language") },
    {
      kind: "choice",
      value: currentLanguage(),
      options: [
        { value: "ko", label: "한국어" },
        { value: "en", label: "English" },
      ],
      choose: (value) => void setLanguage(value as Language).catch(toastProblem),
    },
    { kind: "separator" },
    { kind: "label", text: t("user.theme") },
    {
      kind: "choice",
      value: theme,
      options: (["light", "dark", "system"] as const).map((value) => ({ value, label: t(`common:theme.${value}`) })),
      choose: (value) => void setTheme(value as ThemeChoice).catch(toastProblem),
    },
    { kind: "separator" },
    { kind: "action", label: t("common:nav.settings"), icon: <Settings size={15} aria-hidden />, run: () => void navigate({ to: "/settings" }) },
    { kind: "action", label: t("common:sign_out"), icon: <LogOut size={15} aria-hidden />, run: () => void leave() },
  ];
}
