import { CircleCheck, CircleSlash, Hourglass, type LucideIcon } from "lucide-react";

import { useTranslation } from "@/i18n/use-translation";
import { Badge, type BadgeTone } from "@/ui/badge";

const LOOKS: Record<string, { tone: BadgeTone; Icon: LucideIcon }> = {
  active: { tone: "good", Icon: CircleCheck },
  pending: { tone: "warn", Icon: Hourglass },
  disabled: { tone: "bad", Icon: CircleSlash },
};

export function UserStatus({ status }: { status: string }) {
  const { t } = useTranslation("admin");
  const { tone, Icon } = LOOKS[status] ?? { tone: "neutral", Icon: Hourglass };
  return (
    <Badge tone={tone} icon={<Icon size={12} aria-hidden />}>
      {t(`users.status.${status}`, { defaultValue: status })}
    </Badge>
  );
}
