import { clsx } from "clsx";
import { ChevronDown } from "lucide-react";
import { useId, type ReactNode } from "react";

import type { RowPlace } from "./virtual-list";

interface FoldCardProps {
  /** What it is about, in the line that is always there. */
  name: ReactNode;
  /** How that stands: badges, at the end of the line where there is room. */
  marks: ReactNode;
  open: boolean;
  onToggle(): void;
  place: RowPlace;
  /** Drawn while it is open. */
  children: ReactNode;
}

/** A row of a list: a line, and below it everything about its thing when it is open. */
export function FoldCard({ name, marks, open, onToggle, place, children }: FoldCardProps) {
  const id = useId();
  return (
    <li {...place} className="@container min-w-0 rounded-card border border-line bg-raised shadow-card">
      <button
        type="button"
        aria-expanded={open}
        aria-controls={id}
        onClick={onToggle}
        className="flex w-full items-start gap-3 rounded-card px-4 py-3 text-left hover:bg-sunken/60"
      >
        <span className="flex min-w-0 flex-1 flex-col gap-x-4 gap-y-2 @xl:flex-row @xl:items-center">
          <span className="min-w-0 flex-1">{name}</span>
          <span className="flex flex-wrap items-center gap-1.5">{marks}</span>
        </span>
        <ChevronDown size={17} aria-hidden className={clsx("mt-1 shrink-0 text-ink-faint transition-transform", open && "rotate-180")} />
      </button>
      <div id={id} hidden={!open} className="border-t border-line px-4 py-4">
        {open && children}
      </div>
    </li>
  );
}
