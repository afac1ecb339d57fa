import { EffectBadge } from "@/features/tools/effect-badge";
import { useTranslation } from "@/i18n/use-translation";

import { SUGGESTIONS } from "./suggestions";

/** Choosing one writes it into the composer; the person sends it. */
export function SuggestionCards({ onChoose }: { onChoose(text: string): void }) {
  const { t } = useTranslation("chat");
  return (
    <section aria-labelledby="suggestions">
      <h2 id="suggestions" className="sr-only">
        {t("first_run.suggestions")}
      </h2>
      <ul className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
        {SUGGESTIONS.map(({ id, icon: Icon, effect }) => (
          <li key={id} className="flex">
            <button
              type="button"
              onClick={() => onChoose(t(`suggestion.${id}.text`))}
              className="flex min-h-11 w-full flex-col gap-2 rounded-card border border-line bg-surface p-4 text-left shadow-card transition-colors hover:border-lead"
            >
              <span className="flex w-full items-center justify-between gap-2">
                <Icon size={18} className="text-lead" aria-hidden />
                <EffectBadge effect={effect} />
              </span>
              <span className="text-sm font-medium">{t(`suggestion.${id}.title`)}</span>
              <span className="text-xs text-ink-soft">{wholeWords(t(`suggestion.${id}.text`))}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The text, whose names with hyphens are not broken. */
function wholeWords(text: string) {
  return text.split(/(\S+-\S+)/).map((part, n) => (n % 2 === 0 ? part : <span key={n} className="whitespace-nowrap">{part}</span>));
}
