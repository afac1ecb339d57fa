import { clsx } from "clsx";
import { Timer, TimerOff } from "lucide-react";

import { useTick } from "@/features/tools/elapsed";
import { clock, dateTime } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";

import { remaining, type Remaining } from "./deadline";

/** The time that is left, each second. */
export function useRemaining(expiresAt: string, counting: boolean): Remaining {
  const now = useTick(counting, 1_000);
  return remaining(expiresAt, now);
}

export function Countdown({ expiresAt, left }: { expiresAt: string; left: Remaining }) {
  const { t } = useTranslation("approvals");
  const Icon = left.isOver ? TimerOff : Timer;
  return (
    <span
      role="timer"
      title={dateTime(expiresAt)}
      className={clsx(
        "inline-flex items-center gap-1.5 text-sm whitespace-nowrap tabular-nums",
        left.isOver ? "text-ink-soft" : left.isUrgent ? "font-semibold text-bad" : "text-ink-soft",
      )}
    >
      <Icon size={15} aria-hidden className="shrink-0" />
      {left.isOver ? t("state.expired") : t("time_left", { time: clock(left.ms) })}
    </span>
  );
}
