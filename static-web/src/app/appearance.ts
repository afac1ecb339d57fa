/** Language and theme: applied at once, kept in this browser and in the person's settings. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { settingsQuery, useChangeSettings } from "@/api/queries";
import type { SettingsPatch } from "@/api/types";
import { useSession } from "@/auth/session";
import { currentLanguage, setLanguage, type Language } from "@/i18n";

import { useTheme, type ThemeChoice } from "./theme";

/** The setters apply at once; what they give fails when the change could not be stored. */
export function useAppearance() {
  const theme = useTheme((state) => state.choice);
  const { mutateAsync } = useChangeSettings();
  const store = (patch: SettingsPatch) => mutateAsync(patch);
  return {
    theme,
    language: currentLanguage(),
    async setLanguage(language: Language): Promise<unknown> {
      await setLanguage(language);
      return store({ language });
    },
    setTheme(choice: ThemeChoice): Promise<unknown> {
      useTheme.getState().choose(choice);
      return store({ theme: choice === "system" ? null : choice });
    },
  };
}

/** Takes over once what the person chose on another machine. What was never chosen stays as it is here. */
export function useStoredAppearance(): void {
  const signedIn = useSession((state) => state.status === "signed_in");
  const { data } = useQuery({ ...settingsQuery, enabled: signedIn });
  const done = useRef(false);
  useEffect(() => {
    if (done.current || data === undefined) return;
    done.current = true;
    const { language, theme } = data.value;
    if ((language === "ko" || language === "en") && language !== currentLanguage()) void setLanguage(language);
    if ((theme === "light" || theme === "dark") && theme !== useTheme.getState().choice) useTheme.getState().choose(theme);
  }, [data]);
}
