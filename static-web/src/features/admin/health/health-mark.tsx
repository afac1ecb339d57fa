import { CircleCheck, CircleX, TriangleAlert, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

export type Health = "good" | "warn" | "bad";

const LOOKS: Record<Health, { Icon: LucideIcon; colour: string }> = {
  good: { Icon: CircleCheck, colour: "text-good" },
  warn: { Icon: TriangleAlert, colour: "text-warn" },
  bad: { Icon: CircleX, colour: "text-bad" },
};

/** One line of a finding: a sign, and words that say as much. */
export function HealthMark({ health, children }: { health: Health; children: ReactNode }) {
  const { Icon, colour } = LOOKS[health];
  return (
    <div className="flex items-start gap-2.5">
      <Icon size={17} aria-hidden className={`mt-0.5 shrink-0 ${colour}`} />
      <div className="min-w-0">{children}</div>
    </div>
  );
}
