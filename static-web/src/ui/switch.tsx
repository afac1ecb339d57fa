import { clsx } from "clsx";
import { useId, type ReactNode } from "react";

interface SwitchProps {
  label: string;
  description?: string;
  /** Between the label and the switch. */
  aside?: ReactNode;
  on: boolean;
  onChange(on: boolean): void;
}

/** On or off, at once. */
export function Switch({ label, description, aside, on, onChange }: SwitchProps) {
  const id = useId();
  return (
    <div className="flex items-start justify-between gap-4">
      <div className="min-w-0 flex-1">
        <span id={id} className="text-sm font-medium">
          {label}
        </span>
        {description !== undefined && (
          <p id={`${id}-text`} className="mt-0.5 text-sm text-ink-soft">
            {description}
          </p>
        )}
      </div>
      {aside !== undefined && <div className="flex min-h-8 shrink-0 items-center pointer-coarse:min-h-11">{aside}</div>}
      <button
        type="button"
        role="switch"
        aria-checked={on}
        aria-labelledby={id}
        aria-describedby={description === undefined ? undefined : `${id}-text`}
        onClick={() => onChange(!on)}
        className="flex h-8 w-12 shrink-0 items-center justify-center rounded-full pointer-coarse:h-11"
      >
        <span
          className={clsx(
            "relative h-6 w-11 rounded-full border transition-colors",
            on ? "border-lead bg-lead" : "border-line-strong bg-sunken",
          )}
        >
          <span
            className={clsx(
              "absolute top-1/2 size-4 -translate-y-1/2 rounded-full transition-[left]",
              on ? "left-[1.375rem] bg-on-lead" : "left-[0.1875rem] bg-line-strong",
            )}
          />
        </span>
      </button>
    </div>
  );
}
