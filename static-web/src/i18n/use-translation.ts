import i18next, { type TFunction } from "i18next";
import { useMemo, useSyncExternalStore } from "react";

function subscribe(onChange: () => void): () => void {
  i18next.on("languageChanged", onChange);
  return () => i18next.off("languageChanged", onChange);
}

const language = () => i18next.language;

/** The texts of a namespace, in the language of the moment; `other:key` is a text of another one. */
export function useTranslation(namespace = "common"): { t: TFunction; i18n: typeof i18next } {
  const now = useSyncExternalStore(subscribe, language, language);
  const t = useMemo(() => i18next.getFixedT(now, namespace) as TFunction, [now, namespace]);
  return { t, i18n: i18next };
}
