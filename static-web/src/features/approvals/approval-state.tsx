import { CircleCheck, CircleSlash, Hourglass, ShieldX, TimerOff, TriangleAlert, type LucideIcon } from "lucide-react";

import type { Approval } from "@/api/types";
import { useTranslation } from "@/i18n/use-translation";
import { Badge, type BadgeTone } from "@/ui/badge";

const LOOKS: Record<Approval["state"], { tone: BadgeTone; Icon: LucideIcon }> = {
  pending: { tone: "warn", Icon: Hourglass },
  approved: { tone: "good", Icon: CircleCheck },
  denied: { tone: "bad", Icon: ShieldX },
  expired: { tone: "neutral", Icon: TimerOff },
  cancelled: { tone: "neutral", Icon: CircleSlash },
  superseded: { tone: "neutral", Icon: TriangleAlert },
};

export function ApprovalStateBadge({ state }: { state: Approval["state"] }) {
  const { t } = useTranslation("approvals");
  const { tone, Icon } = LOOKS[state];
  return (
    <Badge tone={tone} icon={<Icon size={12} aria-hidden />}>
      {t(`state.${state}`)}
    </Badge>
  );
}
