import { clsx } from "clsx";
import type { ReactNode } from "react";

export type BadgeTone = "neutral" | "lead" | "good" | "warn" | "bad";

const TONES: Record<BadgeTone, string> = {
  neutral: "bg-sunken text-ink-soft",
  lead: "bg-lead-soft text-lead",
  good: "bg-good-soft text-good",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
};

/** Colour never stands alone: give it an icon and a text. */
export function Badge({ tone = "neutral", icon, children }: { tone?: BadgeTone; icon?: ReactNode; children: ReactNode }) {
  return (
    <span className={clsx("inline-flex items-center gap-1 rounded-full px-2 py-0.5 text-xs font-medium whitespace-nowrap", TONES[tone])}>
      {icon}
      {children}
    </span>
  );
}
