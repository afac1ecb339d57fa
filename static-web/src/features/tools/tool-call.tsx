import { ChevronDown, Wrench } from "lucide-react";
import { lazy, Suspense, useId, useState } from "react";
import { useTranslation } from "react-i18next";

import type { CallLog } from "@/realtime/turn-log";
import { SkeletonList } from "@/ui/skeleton";

import { CallStatusLabel } from "./call-status";
import { EffectBadge } from "./effect-badge";
import { Elapsed } from "./elapsed";

/** What a closed card does not show is loaded when one is opened. */
const CallDetails = lazy(() => import("./call-details").then((module) => ({ default: module.CallDetails })));

/** One call of a tool: a line that says what and how it goes, and on demand everything about it. */
export function ToolCall({ call, turnId }: { call: CallLog; turnId: string }) {
  const { t } = useTranslation("tools");
  const [open, setOpen] = useState(false);
  const details = useId();
  const name = `${call.server}.${call.tool}`;
  return (
    <section aria-label={t("call_of", { tool: name })} className="min-w-0 rounded-card border border-line bg-surface shadow-card">
      <button
        type="button"
        aria-expanded={open}
        aria-controls={details}
        onClick={() => setOpen(!open)}
        className="flex min-h-11 w-full flex-wrap items-center gap-x-3 gap-y-1 rounded-card px-3.5 py-2 text-left hover:bg-sunken/60"
      >
        <span className="flex min-w-0 flex-1 basis-56 items-center gap-2">
          <Wrench size={15} className="shrink-0 text-ink-faint" aria-hidden />
          <span className="min-w-0 font-mono text-sm break-all">{name}</span>
        </span>
        <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <EffectBadge effect={call.effect} />
          <CallStatusLabel status={call.status} />
          {call.attempt > 1 && <span className="text-xs text-ink-soft">{t("attempt", { n: call.attempt })}</span>}
          <Elapsed call={call} />
          <ChevronDown size={16} aria-hidden className={open ? "rotate-180 text-ink-faint" : "text-ink-faint"} />
        </span>
      </button>
      <div id={details} hidden={!open} className="border-t border-line px-3.5 py-3">
        {open && (
          <Suspense fallback={<SkeletonList rows={2} />}>
            <CallDetails call={call} turnId={turnId} />
          </Suspense>
        )}
      </div>
    </section>
  );
}
