import { Eye, PencilLine, Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";

import type { Effect } from "@/api/types";
import { Badge, type BadgeTone } from "@/ui/badge";

import { SUGGESTIONS } from "./suggestions";

const EFFECTS: Record<Effect, { tone: BadgeTone; icon: typeof Eye }> = {
  read_only: { tone: "good", icon: Eye },
  mutating: { tone: "warn", icon: PencilLine },
  destructive: { tone: "bad", icon: Trash2 },
};

/** Choosing one writes it into the composer; the person sends it. */
export function SuggestionCards({ onChoose }: { onChoose(text: string): void }) {
  const { t } = useTranslation("chat");
  return (
    <section aria-labelledby="suggestions">
      <h2 id="suggestions" className="sr-only">
        {t("first_run.suggestions")}
      </h2>
      <ul className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
        {SUGGESTIONS.map(({ id, icon: Icon, effect }) => {
          const { tone, icon: EffectIcon } = EFFECTS[effect];
          return (
            <li key={id} className="flex">
              <button
                type="button"
                onClick={() => onChoose(t(`suggestion.${id}.text`))}
                className="flex min-h-11 w-full flex-col gap-2 rounded-card border border-line bg-surface p-4 text-left shadow-card transition-colors hover:border-lead"
              >
                <span className="flex w-full items-center justify-between gap-2">
                  <Icon size={18} className="text-lead" aria-hidden />
                  <Badge tone={tone} icon={<EffectIcon size={12} aria-hidden />}>
                    {t(`common:effect.${effect}`)}
                  </Badge>
                </span>
                <span className="text-sm font-medium">{t(`suggestion.${id}.title`)}</span>
                <span className="text-xs text-ink-soft">{t(`suggestion.${id}.text`)}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
