import { clsx } from "clsx";
import { CircleCheck } from "lucide-react";
import { useId, type ReactNode } from "react";

export interface ChoiceCard<Value extends string> {
  value: Value;
  label: string;
  /** Language of the label, where it is another than the page's. */
  lang?: string;
  picture?: ReactNode;
}

interface ChoiceCardsProps<Value extends string> {
  legend: string;
  value: Value;
  options: readonly ChoiceCard<Value>[];
  onChoose(value: Value): void;
  aside?: ReactNode;
}

/** A few alternatives that are worth being seen side by side; radio buttons to the keyboard. */
export function ChoiceCards<Value extends string>({ legend, value, options, onChoose, aside }: ChoiceCardsProps<Value>) {
  const name = useId();
  return (
    <fieldset>
      <legend className="float-left mr-3 text-sm font-medium">{legend}</legend>
      {aside ?? <span className="text-sm">&nbsp;</span>}
      <div className="clear-both mt-2 grid grid-cols-[repeat(auto-fill,minmax(9rem,1fr))] gap-3">
        {options.map((option) => (
          <label
            key={option.value}
            lang={option.lang}
            className={clsx(
              "relative block cursor-pointer rounded-control border p-3 text-sm transition-colors has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-(--focus)",
              option.value === value ? "border-lead bg-lead-soft ring-1 ring-lead" : "border-line-strong bg-surface hover:bg-sunken",
            )}
          >
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={option.value === value}
              onChange={() => onChoose(option.value)}
              className="absolute inset-0 cursor-pointer opacity-0"
            />
            {option.picture}
            <span className="flex min-h-6 items-center justify-between gap-2 font-medium">
              {option.label}
              {option.value === value && <CircleCheck size={17} className="shrink-0 text-lead" aria-hidden />}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
