import { clsx } from "clsx";

import type { Mode } from "@/api/types";
import { useTranslation } from "@/i18n/use-translation";

import { MODE_ICONS } from "./modes";

/** The mode of a turn, beside what the turn does. */
export function ModeMark({ mode }: { mode: Mode }) {
  const { t } = useTranslation("chat");
  const Icon = MODE_ICONS[mode];
  return (
    <span title={t(`mode.${mode}.text`)} className="inline-flex items-center gap-1.5">
      <Icon size={14} aria-hidden className={clsx("shrink-0", mode === "autonomous" ? "text-warn" : "text-ink-faint")} />
      <span className="sr-only">{t("mode.title")}: </span>
      {t(`mode.${mode}.name`)}
    </span>
  );
}
