import { ShieldCheck, UsersRound } from "lucide-react";

import type { Tool } from "@/api/types";
import { EffectBadge } from "@/features/tools/effect-badge";
import { SecretBadge } from "@/features/tools/secret/secret-badge";
import { useTranslation } from "@/i18n/use-translation";
import { Badge } from "@/ui/badge";

/** What a tool may do, and who must agree. */
export function ToolFacts({ tool }: { tool: Tool }) {
  const { t } = useTranslation("catalogue");
  const { policy } = tool;
  return (
    <span className="flex flex-wrap gap-1.5">
      <EffectBadge effect={tool.effect} />
      {tool.secret && <SecretBadge />}
      <Badge icon={<ShieldCheck size={12} aria-hidden />}>{t(`policy.${tool.always_allowed ? "always" : policy.decision === "require_approval" ? policy.by : policy.decision}`)}</Badge>
      {tool.shared_identity && <Badge icon={<UsersRound size={12} aria-hidden />}>{t("shared")}</Badge>}
    </span>
  );
}
