import { Coins } from "lucide-react";

import { money, number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";

import { ModePicker } from "../mode/mode-picker";
import { ModelPicker } from "./model-picker";
import { SubscriptionPicker } from "./subscription-picker";
import type { Used } from "./used";

export interface ChatHeaderProps {
  title: string;
  used: Used;
  /** Whose mode is chosen here. */
  slot: string;
  newestTurn?: string | undefined;
}

/** The conversation's name and what the next question is asked with. */
export function ChatHeader({ title, used, slot, newestTurn }: ChatHeaderProps) {
  const { t } = useTranslation("chat");
  const sum = used.input + used.output;
  return (
    <header className="flex min-h-14 flex-wrap items-center gap-x-4 gap-y-1 border-b border-line bg-surface px-4 py-2">
      <h1 className="min-w-0 flex-1 basis-40 truncate font-semibold" title={title}>
        {title}
      </h1>
      <div className="flex min-w-0 flex-wrap items-center gap-2">
        {sum > 0 && (
          <span
            className="inline-flex items-center gap-1.5 text-xs whitespace-nowrap text-ink-soft max-sm:hidden"
            title={t("tokens.detail", { input: number(used.input), output: number(used.output) })}
          >
            <Coins size={14} className="text-ink-faint" aria-hidden />
            {t("tokens.sum", { sum: number(sum) })}
            {used.cost !== null && <span title={t("tokens.cost_hint")}>· {t("tokens.cost", { cost: money(used.cost) })}</span>}
          </span>
        )}
        <SubscriptionPicker />
        <ModelPicker />
        <ModePicker slot={slot} newestTurn={newestTurn} />
      </div>
    </header>
  );
}
