import { useId } from "react";

interface TextFieldProps {
  label: string;
  hint: string;
  value: string;
  /** What is wrong with it. */
  fault: { text: string; lang?: string } | null;
  /** A line for each item. */
  lines?: boolean;
  disabled?: boolean;
  onChange(value: string): void;
}

const LOOKS =
  "block w-full rounded-control border border-line-strong bg-surface px-3 font-mono text-sm aria-invalid:border-bad disabled:opacity-55 pointer-coarse:text-base";

/** A text that a program reads, with what is wrong with it below. */
export function TextField({ label, hint, value, fault, lines = false, disabled = false, onChange }: TextFieldProps) {
  const id = useId();
  const attributes = {
    id,
    value,
    disabled,
    spellCheck: false,
    autoComplete: "off",
    autoCapitalize: "off",
    "aria-invalid": fault !== null,
    "aria-describedby": `${id}-hint ${id}-fault`,
    onChange: (event: { target: { value: string } }) => onChange(event.target.value),
  };
  return (
    <div className="space-y-1.5">
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      {lines ? <textarea rows={2} className={`${LOOKS} field-sizing-content max-h-48 py-2`} {...attributes} /> : <input className={`${LOOKS} min-h-10 pointer-coarse:min-h-11`} {...attributes} />}
      <p id={`${id}-hint`} className="text-xs text-ink-soft">
        {hint}
      </p>
      <p id={`${id}-fault`} role={fault === null ? undefined : "alert"} lang={fault?.lang} className="text-xs font-medium break-words text-bad empty:hidden">
        {fault?.text}
      </p>
    </div>
  );
}
