import { clsx } from "clsx";
import { ChevronDown } from "lucide-react";

import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { Menu } from "@/ui/menu";

import { chooseMode, MODE_ICONS, MODES, readMode, useMode } from "./modes";

/** How much the next question may do without a person. */
export function ModePicker({ slot, newestTurn }: { slot: string; newestTurn?: string | undefined }) {
  const { t } = useTranslation("chat");
  const mode = useMode(slot, newestTurn);
  const Icon = MODE_ICONS[mode];
  const name = t(`mode.${mode}.name`);
  return (
    <Menu
      trigger={
        <Button size="small" aria-label={t("mode.label", { name })} title={t("mode.label", { name })} className="min-w-0">
          <Icon size={15} className={clsx("shrink-0", mode === "autonomous" ? "text-warn" : "text-ink-faint")} aria-hidden />
          <span className="max-w-36 truncate">{name}</span>
          <ChevronDown size={14} className="shrink-0 text-ink-faint max-sm:hidden" aria-hidden />
        </Button>
      }
      entries={[
        { kind: "label", text: t("mode.title") },
        {
          kind: "choice",
          value: mode,
          options: MODES.map((value) => ({ value, label: t(`mode.${value}.name`), detail: t(`mode.${value}.text`) })),
          choose: (value) => chooseMode(slot, readMode(value)),
        },
      ]}
    />
  );
}
