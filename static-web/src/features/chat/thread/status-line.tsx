import { CircleCheck, CircleSlash, CircleX, Hourglass, LoaderCircle, PenLine, ShieldQuestion, Square, Wrench, type LucideIcon } from "lucide-react";
import { useTranslation } from "react-i18next";

import type { TurnLog, TurnPhase } from "@/realtime/turn-log";
import { hasEnded } from "@/realtime/turn-log";
import { Button } from "@/ui/button";

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

/** What the turn does now, with the button that stops it. */
export function StatusLine({ phase, log, onStop }: { phase: ShownPhase; log: TurnLog | null; onStop?: (() => void) | undefined }) {
  const { t } = useTranslation("chat");
  const Icon = ICONS[phase];
  const tools = log === null ? null : toolProgress(log);
  const text = phase === "running_tool" && tools !== null ? t("phase.running_tool_of", tools) : t(`phase.${phase}`);
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
      {!ended && onStop !== undefined && (
        <Button size="small" onClick={onStop}>
          <Square size={12} className="fill-current" aria-hidden />
          {t("stop")}
        </Button>
      )}
    </div>
  );
}

/** Of the calls of the newest step: which one runs, of how many. */
export function toolProgress(log: TurnLog): { n: number; m: number } | null {
  const calls = log.steps.at(-1)?.calls ?? [];
  if (calls.length === 0) return null;
  const open = new Set(["queued", "waiting_approval", "running"]);
  const finished = calls.filter((call) => !open.has(call.status)).length;
  return { n: Math.min(finished + 1, calls.length), m: calls.length };
}
