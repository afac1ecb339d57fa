import { clsx } from "clsx";
import { ChevronDown, LoaderCircle, Wrench } from "lucide-react";
import { lazy, Suspense, useId, useRef, useState } from "react";

import { withTexts } from "@/i18n";
import { useTranslation } from "@/i18n/use-translation";
import type { CallLog, CallStatus } from "@/realtime/turn-log";
import { SkeletonList } from "@/ui/skeleton";

import { CallStatusLabel } from "./call-status";
import { EffectBadge } from "./effect-badge";
import { Elapsed } from "./elapsed";
import { SecretBadge } from "./secret/secret-badge";
import { subjectOf } from "./subject";

/** What a closed card does not show is loaded when one is opened. */
const CallDetails = lazy(() =>
  withTexts("approvals", withTexts("outcomes", import("./call-details"))).then((module) => ({ default: module.CallDetails })),
);
const CallApproval = lazy(() => withTexts("approvals", import("@/features/approvals/call-approval")).then((module) => ({ default: module.CallApproval })));
const SecretResult = lazy(() => withTexts("outcomes", import("./secret/secret-result")).then((module) => ({ default: module.SecretResult })));

/** Statuses of calls that a tool has answered, or may have. */
const RAN: ReadonlySet<CallStatus> = new Set(["ok", "error", "unknown"]);

/** Cards that stand open, so that one that was scrolled away comes back as it was. */
const opened = new Set<string>();

/** One call of a tool: a line that says what and how it goes, and on demand everything about it. */
export function ToolCall({ call, turnId }: { call: CallLog; turnId: string }) {
  const { t } = useTranslation("tools");
  const [open, setOpen] = useState(() => opened.has(call.id));
  const id = useId();
  const head = useRef<HTMLButtonElement>(null);
  const name = `${call.server}.${call.tool}`;
  const target = subjectOf(call.tool, call.arguments).name;
  const waits = call.status === "waiting_approval" && call.approval !== null && call.approval.decision === null;

  const toggle = () => {
    if (open) opened.delete(call.id);
    else opened.add(call.id);
    setOpen(!open);
  };
  return (
    <div
      role="group"
      aria-label={t("call_of", { tool: name })}
      className={clsx("@container min-w-0 rounded-card border bg-surface shadow-card", waits ? "border-warn/60" : "border-line")}
    >
      <button
        ref={head}
        type="button"
        aria-expanded={open}
        aria-controls={id}
        onClick={toggle}
        className="flex min-h-11 w-full flex-wrap items-center gap-x-3 gap-y-1 rounded-card px-3.5 py-2 text-left hover:bg-sunken/60"
      >
        <span className="order-1 flex min-w-0 flex-1 items-baseline gap-2">
          <Wrench size={15} className="shrink-0 self-center text-ink-faint" aria-hidden />
          <span className="min-w-0">
            <span className="font-mono text-[0.8125rem] break-all">{name}</span>
            {target !== null && <span className="ml-2 text-sm break-all text-ink-soft">{target}</span>}
          </span>
        </span>
        <span className="order-3 flex w-full flex-wrap items-center gap-x-3 gap-y-1 @lg:order-2 @lg:w-auto">
          <EffectBadge effect={call.effect} />
          {call.secret && <SecretBadge />}
          <CallStatusLabel status={call.status} />
          {call.attempt > 1 && <span className="text-xs text-ink-soft">{t("attempt", { n: call.attempt })}</span>}
          <Elapsed call={call} />
        </span>
        <ChevronDown
          size={16}
          aria-hidden
          className={clsx("order-2 shrink-0 text-ink-faint transition-transform @lg:order-3", open && "rotate-180")}
        />
        {call.progress !== null && <span className="order-4 w-full text-sm break-words text-ink-soft">{call.progress}</span>}
      </button>
      {call.status === "previewing" && (
        <p className="flex items-start gap-2 border-t border-line px-3.5 py-3 text-sm text-ink-soft">
          <LoaderCircle size={15} aria-hidden className="mt-1 shrink-0 animate-spin text-lead motion-reduce:animate-none" />
          {t(call.approval === null ? "previewing" : "previewing_again")}
        </p>
      )}
      {waits && (
        <div className="border-t border-line px-3.5 py-3.5">
          <Suspense fallback={<SkeletonList rows={3} />}>
            <CallApproval call={call} onDecided={() => head.current?.focus({ preventScroll: true })} />
          </Suspense>
        </div>
      )}
      {call.secret && RAN.has(call.status) && (
        <div className="border-t border-line px-3.5 py-3.5 text-sm">
          <Suspense fallback={<SkeletonList rows={2} />}>
            <SecretResult call={call} turnId={turnId} />
          </Suspense>
        </div>
      )}
      <div id={id} hidden={!open} className="border-t border-line px-3.5 py-3.5">
        {open && (
          <Suspense fallback={<SkeletonList rows={2} />}>
            <CallDetails call={call} turnId={turnId} />
          </Suspense>
        )}
      </div>
    </div>
  );
}
