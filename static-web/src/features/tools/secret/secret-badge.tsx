import { KeyRound } from "lucide-react";

import { useTranslation } from "@/i18n/use-translation";
import { Badge } from "@/ui/badge";

/** Arguments or result of a call hold a secret. */
export function SecretBadge() {
  const { t } = useTranslation("tools");
  return (
    <Badge tone="lead" icon={<KeyRound size={12} aria-hidden />}>
      {t("secret.badge")}
    </Badge>
  );
}
