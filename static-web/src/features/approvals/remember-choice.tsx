import { useId } from "react";

import type { Remember } from "@/api/types";
import { number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";

import { placeOf } from "./grants/place";

interface RememberChoiceProps {
  what: Remember;
  on: boolean;
  disabled: boolean;
  onChange(on: boolean): void;
}

/** Whether a yes counts for later calls of the conversation too, with what exactly that covers. */
export function RememberChoice({ what, on, disabled, onChange }: RememberChoiceProps) {
  const { t } = useTranslation("approvals");
  const id = useId();
  const values = { tool: `${what.server}.${what.tool}`, place: placeOf(what), hours: number(what.hours) };
  return (
    <label className="flex min-h-6 items-start gap-2.5 rounded-control border border-line p-3 text-sm pointer-coarse:min-h-11">
      <input
        type="checkbox"
        checked={on}
        disabled={disabled}
        aria-label={t("remember.label")}
        aria-describedby={id}
        onChange={(event) => onChange(event.target.checked)}
        className="mt-0.5 size-4 shrink-0 accent-lead"
      />
      <span className="min-w-0">
        <span className="font-medium">{t("remember.label")}</span>
        <span id={id} className="block break-words text-ink-soft">
          {t(`remember.${what.covers}`, values)}
        </span>
      </span>
    </label>
  );
}
