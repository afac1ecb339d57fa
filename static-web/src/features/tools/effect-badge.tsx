import { Eye, PenLine, Trash2, type LucideIcon } from "lucide-react";

import type { Effect } from "@/api/types";
import { useTranslation } from "@/i18n/use-translation";
import { Badge, type BadgeTone } from "@/ui/badge";

const LOOKS: Record<Effect, { tone: BadgeTone; Icon: LucideIcon }> = {
  read_only: { tone: "neutral", Icon: Eye },
  mutating: { tone: "warn", Icon: PenLine },
  destructive: { tone: "bad", Icon: Trash2 },
};

/** What a tool may do to Azure. */
export function EffectBadge({ effect }: { effect: Effect }) {
  const { t } = useTranslation();
  const { tone, Icon } = LOOKS[effect];
  return (
    <Badge tone={tone} icon={<Icon size={12} aria-hidden />}>
      {t(`effect.${effect}`)}
    </Badge>
  );
}
