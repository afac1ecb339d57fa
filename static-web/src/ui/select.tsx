import { ChevronDown } from "lucide-react";
import { useId, type ReactNode } from "react";

export interface SelectOption {
  value: string;
  label: string;
}

interface SelectProps {
  label: string;
  /** What the choice is good for. */
  description?: string;
  value: string;
  options: readonly SelectOption[];
  disabled?: boolean;
  onChoose(value: string): void;
  /** Beside the label, such as whether it is saved. */
  aside?: ReactNode;
}

/** The system's own list: it fits every screen and every way to use it. */
export function Select({ label, description, value, options, disabled = false, onChoose, aside }: SelectProps) {
  const id = useId();
  return (
    <div>
      <div className="flex items-center gap-3">
        <label htmlFor={id} className="text-sm font-medium">
          {label}
        </label>
        {aside}
      </div>
      <div className="relative mt-1.5 max-w-md">
        <select
          id={id}
          value={value}
          disabled={disabled}
          aria-describedby={description === undefined ? undefined : `${id}-text`}
          onChange={(event) => onChoose(event.target.value)}
          className="h-10 w-full appearance-none truncate rounded-control border border-line-strong bg-surface pr-9 pl-3 text-sm disabled:opacity-55 pointer-coarse:h-11 pointer-coarse:text-base"
        >
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
        <ChevronDown size={16} aria-hidden className="pointer-events-none absolute top-1/2 right-3 -translate-y-1/2 text-ink-faint" />
      </div>
      {description !== undefined && (
        <p id={`${id}-text`} className="mt-1.5 text-sm text-ink-soft">
          {description}
        </p>
      )}
    </div>
  );
}
