
import { useTranslation } from "@/i18n/use-translation";
import { Badge } from "@/ui/badge";

/** Roles by their names; `none` when there are none. */
export function RoleNames({ roles, none }: { roles: readonly string[]; none: string }) {
  const { t } = useTranslation();
  if (roles.length === 0) return <span className="text-ink-soft">{none}</span>;
  return (
    <span className="inline-flex flex-wrap gap-1.5">
      {roles.map((role) => (
        <Badge key={role}>{t(`role.${role}.name`, { defaultValue: role })}</Badge>
      ))}
    </span>
  );
}
