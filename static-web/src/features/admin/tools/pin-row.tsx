import { clsx } from "clsx";
import { ChevronDown } from "lucide-react";
import { useId } from "react";

import { EffectBadge } from "@/features/tools/effect-badge";
import { SecretBadge } from "@/features/tools/secret/secret-badge";
import type { RowPlace } from "@/ui/virtual-list";

import { PinDetails } from "./pin-details";
import { PinStateBadge } from "./pin-state";
import type { SeenPin } from "./queries";

/** A tool: a line, and below it everything about it when it is open. */
export function PinRow({ seen, open, onToggle, place }: { seen: SeenPin; open: boolean; onToggle(): void; place: RowPlace }) {
  const id = useId();
  const { pin } = seen;
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
          <span className="min-w-0 flex-1 font-mono text-sm break-all">{`${pin.server}.${pin.tool}`}</span>
          <span className="flex flex-wrap items-center gap-1.5">
            {pin.effect != null && <EffectBadge effect={pin.effect} />}
            {pin.secret === true && <SecretBadge />}
            <PinStateBadge state={pin.state} />
          </span>
        </span>
        <ChevronDown size={17} aria-hidden className={clsx("mt-0.5 shrink-0 text-ink-faint transition-transform", open && "rotate-180")} />
      </button>
      <div id={id} hidden={!open} className="border-t border-line px-4 py-4">
        {open && <PinDetails seen={seen} />}
      </div>
    </li>
  );
}
