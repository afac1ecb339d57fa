import { CircleCheck, CircleSlash, CircleX, Hourglass, LoaderCircle, PenLine, ShieldQuestion, Square, Wrench, type LucideIcon } from "lucide-react";

import { useTranslation } from "@/i18n/use-translation";
import type { CallStatus, TurnLog, TurnPhase } from "@/realtime/turn-log";
import { hasEnded } from "@/realtime/turn-log";
import { Button } from "@/ui/button";

import { ModeMark } from "../mode/mode-mark";

export type ShownPhase = TurnPhase | "stopping";

const ICONS: Record<ShownPhase, LucideIcon> = {
  queued: Hourglass,
  thinking: LoaderCircle,
  writing: PenLine,
  running_tool: Wrench,
  waiting_approval: ShieldQuestion,
  waiting_azure_sign_in: ShieldQuestion,
  stopping: LoaderCircle,
  done: CircleCheck,
  failed: CircleX,
  cancelled: CircleSlash,
};

const OPEN: ReadonlySet<CallStatus> = new Set(["queued", "previewing", "waiting_approval", "running"]);

/** What the turn does now, with the button that stops it. */
export function StatusLine({ phase, log, onStop }: { phase: ShownPhase; log: TurnLog | null; onStop?: (() => void) | undefined }) {
  const { t } = useTranslation("chat");
  const Icon = ICONS[phase];
  const tools = log === null ? null : toolProgress(log);
  const text =
    phase !== "running_tool" || tools === null
      ? t(`phase.${phase}`)
      : tools.previewing
        ? t("phase.previewing")
        : t("phase.running_tool_of", { n: tools.n, m: tools.m });
  const ended = phase === "stopping" || (log !== null && hasEnded(log));
  return (
    <div className="flex min-h-8 flex-wrap items-center gap-x-3 gap-y-1 text-sm text-ink-soft">
      <span className="inline-flex items-center gap-2">
        <Icon
          size={15}
          aria-hidden
          className={
            phase === "thinking" || phase === "stopping"
              ? "animate-spin text-lead"
              : phase === "failed"
                ? "text-bad"
                : phase === "waiting_approval" || phase === "waiting_azure_sign_in"
                  ? "text-warn"
                  : ended
                    ? "text-ink-faint"
                    : "text-lead"
          }
        />
        {text}
      </span>
      {!ended && log !== null && log.mode !== null && <ModeMark mode={log.mode} />}
      {!ended && onStop !== undefined && (
        <Button size="small" onClick={onStop}>
          <Square size={12} className="fill-current" aria-hidden />
          {t("stop")}
        </Button>
      )}
    </div>
  );
}

/** Of the calls of the newest step: which one runs, of how many; or whether it is only read what they would do. */
export function toolProgress(log: TurnLog): { n: number; m: number; previewing: boolean } | null {
  const calls = log.steps.at(-1)?.calls ?? [];
  if (calls.length === 0) return null;
  const open = calls.filter((call) => OPEN.has(call.status));
  return {
    n: Math.min(calls.length - open.length + 1, calls.length),
    m: calls.length,
    previewing: open.some((call) => call.status === "previewing") && !open.some((call) => call.status === "running" || call.status === "queued"),
  };
}
