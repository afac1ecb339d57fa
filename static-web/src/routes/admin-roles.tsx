import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { PageHead } from "@/features/admin/page-head";
import { rolesQuery } from "@/features/admin/roles/queries";
import { RoleCard } from "@/features/admin/roles/role-card";
import { useTranslation } from "@/i18n/use-translation";
import { ProblemNotice } from "@/ui/problem-notice";
import { SkeletonList } from "@/ui/skeleton";

/** Which roles there are, and what each permits. */
export function RolesPage() {
  const { t } = useTranslation("admin");
  const roles = useQuery(rolesQuery);
  return (
    <div className="space-y-6">
      <PageHead title={t("roles.title")} text={t("roles.text")} />
      <p className="max-w-prose text-sm text-ink-soft">
        {t("roles.tools")}{" "}
        <Link to="/admin/policies" className="text-lead underline underline-offset-2">
          {t("policies.title")}
        </Link>
      </p>
      {roles.data !== undefined ? (
        <ul aria-label={t("roles.title")} className="grid gap-4 sm:grid-cols-2">
          {roles.data.items.map((role) => (
            <RoleCard key={role.role} role={role} />
          ))}
        </ul>
      ) : roles.error !== null ? (
        <ProblemNotice error={roles.error} onRetry={() => void roles.refetch()} />
      ) : (
        <SkeletonList rows={5} />
      )}
    </div>
  );
}
