import { useId } from "react";

import { useTranslation } from "@/i18n/use-translation";

import { POSITIONS, type Position } from "./queries";

/** The positions of the switch, each with what it stops. */
export function PositionChoice({ value, onChoose }: { value: Position; onChoose(position: Position): void }) {
  const { t } = useTranslation("kill_switch");
  const name = useId();
  return (
    <fieldset className="space-y-2">
      <legend className="mb-2 text-sm font-medium">{t("choose")}</legend>
      {POSITIONS.map((position) => (
        <label
          key={position}
          className="flex min-h-11 cursor-pointer items-start gap-3 rounded-control border border-line-strong bg-surface p-3 text-sm has-checked:border-lead has-checked:bg-lead-soft has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-(--focus)"
        >
          <input
            type="radio"
            name={name}
            checked={position === value}
            onChange={() => onChoose(position)}
            aria-describedby={`${name}-${position}`}
            aria-label={t(`position.${position}`)}
            className="mt-1 size-4 shrink-0 accent-lead"
          />
          <span className="min-w-0">
            <span className="block font-medium">{t(`position.${position}`)}</span>
            <span id={`${name}-${position}`} className="block text-ink-soft">
              {t(`position.${position}_text`)}
            </span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
