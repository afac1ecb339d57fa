import { clsx } from "clsx";
import { useId, useRef, type KeyboardEvent, type ReactNode } from "react";

export interface Tab<Name extends string> {
  name: Name;
  label: ReactNode;
}

export interface TabsProps<Name extends string> {
  tabs: readonly Tab<Name>[];
  selected: Name;
  onSelect(name: Name): void;
  /** What the tabs are of, for those who do not see them. */
  label: string;
  /** Beside the tabs, at their end. */
  aside?: ReactNode;
  /** The selected one's. */
  children: ReactNode;
}

/** One stop for the keyboard; arrows, Home and End move between the tabs. */
export function Tabs<Name extends string>({ tabs, selected, onSelect, label, aside, children }: TabsProps<Name>) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const at = tabs.findIndex((tab) => tab.name === selected);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const index = (next + tabs.length) % tabs.length;
    onSelect(tabs[index]!.name);
    list.current?.querySelectorAll<HTMLElement>("[role=tab]")[index]?.focus();
  };
  return (
    <div className="min-w-0">
      <div className="flex flex-wrap items-end justify-between gap-x-4 gap-y-1 border-b border-line">
        <div ref={list} role="tablist" aria-label={label} onKeyDown={move} className="flex min-w-0 gap-1">
          {tabs.map(({ name, label: text }) => (
            <button
              key={name}
              type="button"
              role="tab"
              id={`${id}-${name}`}
              aria-selected={name === selected}
              aria-controls={`${id}-panel`}
              tabIndex={name === selected ? 0 : -1}
              onClick={() => onSelect(name)}
              className={clsx(
                "-mb-px inline-flex min-h-9 items-center gap-2 border-b-2 px-3 text-sm font-medium pointer-coarse:min-h-11",
                name === selected ? "border-lead text-ink" : "border-transparent text-ink-soft hover:text-ink",
              )}
            >
              {text}
            </button>
          ))}
        </div>
        {aside}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${selected}`} className="min-w-0 pt-3">
        {children}
      </div>
    </div>
  );
}
