import { useId } from "react";

/** As the API counts, characters. */
const MAX_REASON_CHARS = 500;

export interface ReasonFieldProps {
  label: string;
  hint: string;
  /** What is said in the hint's place when nothing was written. */
  missing: string | null;
  value: string;
  onChange(value: string): void;
}

/** Why something is changed; for those who come after. */
export function ReasonField({ label, hint, missing, value, onChange }: ReasonFieldProps) {
  const id = useId();
  return (
    <div className="space-y-1.5">
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      <textarea
        id={id}
        value={value}
        rows={2}
        maxLength={MAX_REASON_CHARS}
        required
        aria-invalid={missing !== null}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onChange(event.target.value)}
        className="block w-full rounded-control border border-line-strong bg-surface px-3 py-2 text-sm aria-invalid:border-bad pointer-coarse:text-base"
      />
      <p id={`${id}-hint`} role={missing === null ? undefined : "alert"} className={missing === null ? "text-xs text-ink-soft" : "text-xs font-medium text-bad"}>
        {missing ?? hint}
      </p>
    </div>
  );
}
