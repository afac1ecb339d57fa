import { CircleCheck, CircleSlash, FileDiff, Sparkles, Unplug, type LucideIcon } from "lucide-react";

import { useTranslation } from "@/i18n/use-translation";
import { Badge, type BadgeTone } from "@/ui/badge";

import type { PinState } from "./queries";

const LOOKS: Record<PinState, { tone: BadgeTone; Icon: LucideIcon }> = {
  new: { tone: "lead", Icon: Sparkles },
  changed: { tone: "warn", Icon: FileDiff },
  pinned: { tone: "good", Icon: CircleCheck },
  disabled: { tone: "neutral", Icon: CircleSlash },
  missing: { tone: "neutral", Icon: Unplug },
};

/** How a tool stands. */
export function PinStateBadge({ state }: { state: PinState }) {
  const { t } = useTranslation("admin_tools");
  const { tone, Icon } = LOOKS[state];
  return (
    <Badge tone={tone} icon={<Icon size={12} aria-hidden />}>
      {t(`state.${state}`)}
    </Badge>
  );
}
