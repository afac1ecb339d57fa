
import { useAppearance } from "@/app/appearance";
import type { Language } from "@/i18n";
import { useTranslation } from "@/i18n/use-translation";
import { ChoiceCards, type ChoiceCard } from "@/ui/choice-cards";

import { SaveMark } from "./save-mark";
import { SaveProblem } from "./save-problem";
import { ThemePicture } from "./theme-picture";
import { useSaved } from "./use-saved";

const LANGUAGES: readonly ChoiceCard<Language>[] = [
  { value: "ko", label: "한국어", lang: "ko" },
  { value: "en", label: "English", lang: "en" },
];

export function AppearanceSection() {
  const { t } = useTranslation("settings");
  const { theme, language, setTheme, setLanguage } = useAppearance();
  const languageSaved = useSaved();
  const themeSaved = useSaved();
  return (
    <div className="space-y-6">
      <ChoiceCards
        legend={t("appearance.language")}
        value={language}
        options={LANGUAGES}
        onChoose={(value) => languageSaved.track(setLanguage(value))}
        aside={<SaveMark state={languageSaved.state} />}
      />
      <SaveProblem error={languageSaved.error} />
      <ChoiceCards
        legend={t("appearance.theme")}
        value={theme}
        options={(["light", "dark", "system"] as const).map((value) => ({
          value,
          label: t(`common:theme.${value}`),
          picture: <ThemePicture theme={value} />,
        }))}
        onChoose={(value) => themeSaved.track(setTheme(value))}
        aside={<SaveMark state={themeSaved.state} />}
      />
      <SaveProblem error={themeSaved.error} />
    </div>
  );
}
