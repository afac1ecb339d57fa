import { Check } from "lucide-react";

import { useTranslation } from "@/i18n/use-translation";

import type { SaveState } from "./use-saved";

/** "Saved", for a moment. */
export function SaveMark({ state }: { state: SaveState }) {
  const { t } = useTranslation("settings");
  return (
    <span role="status" className="inline-flex min-h-5 items-center gap-1 text-sm">
      {state === "saving" && <span className="animate-late text-ink-faint">{t("saving")}</span>}
      {state === "saved" && (
        <span className="inline-flex animate-fade-in items-center gap-1 text-good">
          <Check size={15} aria-hidden />
          {t("saved")}
        </span>
      )}
    </span>
  );
}
