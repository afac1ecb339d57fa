import { clsx } from "clsx";
import {
  Ban,
  CircleCheck,
  CircleHelp,
  CircleSlash,
  CircleX,
  Clock,
  Hourglass,
  LoaderCircle,
  ShieldX,
  TimerOff,
  type LucideIcon,
} from "lucide-react";

import { useTranslation } from "@/i18n/use-translation";
import type { CallStatus } from "@/realtime/turn-log";

const LOOKS: Record<CallStatus, { Icon: LucideIcon; colour: string }> = {
  queued: { Icon: Clock, colour: "text-ink-soft" },
  previewing: { Icon: LoaderCircle, colour: "text-lead" },
  waiting_approval: { Icon: Hourglass, colour: "text-warn" },
  running: { Icon: LoaderCircle, colour: "text-lead" },
  ok: { Icon: CircleCheck, colour: "text-good" },
  error: { Icon: CircleX, colour: "text-bad" },
  unknown: { Icon: CircleHelp, colour: "text-warn" },
  denied: { Icon: ShieldX, colour: "text-bad" },
  expired: { Icon: TimerOff, colour: "text-ink-soft" },
  cancelled: { Icon: Ban, colour: "text-ink-soft" },
  not_run: { Icon: CircleSlash, colour: "text-ink-soft" },
};

/** Where a call stands, as an icon and a word. */
export function CallStatusLabel({ status }: { status: CallStatus }) {
  const { t } = useTranslation("tools");
  const { Icon, colour } = LOOKS[status];
  return (
    <span className={clsx("inline-flex items-center gap-1.5 text-sm font-medium whitespace-nowrap", colour)}>
      <Icon size={15} aria-hidden className={clsx("shrink-0", (status === "running" || status === "previewing") && "animate-spin motion-reduce:animate-none")} />
      {t(`status.${status}`)}
    </span>
  );
}
