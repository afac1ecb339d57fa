import { CircleCheck, CircleHelp, CircleSlash, CircleX, ShieldX, type LucideIcon } from "lucide-react";

import type { AuditRecord } from "@/api/types";
import { useTranslation } from "@/i18n/use-translation";
import { Badge, type BadgeTone } from "@/ui/badge";

const LOOKS: Record<NonNullable<AuditRecord["outcome"]>, { tone: BadgeTone; Icon: LucideIcon }> = {
  ok: { tone: "good", Icon: CircleCheck },
  error: { tone: "bad", Icon: CircleX },
  unknown: { tone: "warn", Icon: CircleHelp },
  denied: { tone: "bad", Icon: ShieldX },
  cancelled: { tone: "neutral", Icon: CircleSlash },
  not_run: { tone: "neutral", Icon: CircleSlash },
};

/** How it ended, as an icon and a word. */
export function OutcomeMark({ outcome }: { outcome: NonNullable<AuditRecord["outcome"]> }) {
  const { t } = useTranslation("audit");
  const { tone, Icon } = LOOKS[outcome];
  return (
    <Badge tone={tone} icon={<Icon size={12} aria-hidden />}>
      {t(`outcomes.${outcome}`)}
    </Badge>
  );
}
