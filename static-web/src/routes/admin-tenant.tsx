import { useQuery } from "@tanstack/react-query";

import { PageHead } from "@/features/admin/page-head";
import { tenantsQuery } from "@/features/admin/tenant/queries";
import { SettledRow } from "@/features/admin/tenant/settled-row";
import { SignInFacts } from "@/features/admin/tenant/sign-in-facts";
import { useTranslation } from "@/i18n/use-translation";
import { ProblemNotice } from "@/ui/problem-notice";
import { SkeletonList } from "@/ui/skeleton";

/** The tenant that one administers: one's own. */
export function TenantPage() {
  const { t } = useTranslation("admin");
  const { data, error, refetch } = useQuery(tenantsQuery);
  return (
    <div className="max-w-3xl space-y-8">
      <PageHead title={t("tenant.title")} text={t("tenant.text")} />
      {error !== null && <ProblemNotice error={error} onRetry={() => void refetch()} />}
      {data === undefined
        ? error === null && <SkeletonList rows={6} />
        : data.items.map((tenant) => (
            <div key={tenant.id} className="space-y-8">
              <section aria-labelledby="tenant-sign-in" className="space-y-3">
                <h2 id="tenant-sign-in" className="text-lg font-semibold">
                  {t("tenant.sign_in")}
                </h2>
                <SignInFacts tenant={tenant} />
              </section>
              <section aria-labelledby="tenant-settled" className="space-y-3">
                <h2 id="tenant-settled" className="text-lg font-semibold">
                  {t("tenant.settled")}
                </h2>
                <ul className="divide-y divide-line rounded-card border border-line bg-raised text-sm shadow-card">
                  {tenant.settings.map((setting) => (
                    <SettledRow key={setting.kind} setting={setting} />
                  ))}
                </ul>
              </section>
            </div>
          ))}
    </div>
  );
}
