import { ClipboardCheck, Eye, ShieldCheck, UserCheck } from "lucide-react";

import { useTranslation } from "@/i18n/use-translation";

import { ModelPicker } from "../header/model-picker";
import { SubscriptionPicker } from "../header/subscription-picker";
import { ModePicker } from "../mode/mode-picker";
import { NEW } from "../outbox";
import { SuggestionCards } from "./suggestion-cards";

const ABILITIES = [
  [Eye, "look"],
  [ShieldCheck, "change"],
  [UserCheck, "rights"],
  [ClipboardCheck, "record"],
] as const;

/** What one sees before the first question: a greeting, with what one can begin, what happens then. */
export function FirstRun({ name, onChoose }: { name: string | null; onChoose(text: string): void }) {
  const { t } = useTranslation("chat");
  return (
    // Not centred: words of another length would move everything.
    <div className="mx-auto flex w-full max-w-3xl flex-col gap-8 px-4 py-8 md:pt-[max(2rem,calc((100dvh-44rem)/2))]">
      <div className="space-y-3">
        <h1 className="text-2xl leading-snug font-semibold text-balance sm:text-3xl">
          {name === null ? t("greeting") : t("greeting_named", { name })}
        </h1>
        <p className="max-w-prose text-ink-soft">{t("first_run.text")}</p>
        <div className="flex flex-wrap items-center gap-2 pt-1">
          <SubscriptionPicker />
          <ModelPicker />
          <ModePicker slot={NEW} />
        </div>
      </div>
      <SuggestionCards onChoose={onChoose} />
      <section aria-labelledby="what-i-can-do" className="space-y-3">
        <h2 id="what-i-can-do" className="text-sm font-semibold text-ink-soft">
          {t("first_run.can_do")}
        </h2>
        <ul className="grid gap-x-8 gap-y-2.5 text-sm sm:grid-cols-2">
          {ABILITIES.map(([Icon, key]) => (
            <li key={key} className="flex items-start gap-2.5">
              <Icon size={16} className="mt-1 shrink-0 text-lead" aria-hidden />
              {t(`first_run.${key}`)}
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}
