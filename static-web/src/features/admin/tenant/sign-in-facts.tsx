import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import type { components } from "@/api/schema";
import { useTranslation } from "@/i18n/use-translation";
import { CopyText } from "@/ui/copy-text";

/** Who vouches for the people of a tenant, and which application their tokens are for. */
export function SignInFacts({ tenant }: { tenant: components["schemas"]["TenantView"] }) {
  const { t } = useTranslation("admin");
  return (
    <dl className="grid gap-x-6 gap-y-4 rounded-card border border-line bg-raised p-4 text-sm shadow-card sm:grid-cols-[max-content_1fr]">
      <Fact name={t("tenant.id")}>
        <CopyText text={tenant.id} label={t("tenant.copy_id")} />
      </Fact>
      <Fact name={t("tenant.issuer")}>
        <CopyText text={tenant.issuer} label={t("tenant.copy_issuer")} />
      </Fact>
      <Fact name={t("tenant.application")}>
        <CopyText text={tenant.audience} label={t("tenant.copy_application")} />
        <p className="text-ink-soft">{t(tenant.has_own_application ? "tenant.own" : "tenant.common")}</p>
      </Fact>
      <Fact name={t("tenant.new_people")}>
        <p>
          {t(tenant.admits_new_people ? "tenant.admitted" : "tenant.pending")}{" "}
          <Link to="/admin/users" className="text-lead underline underline-offset-2">
            {t("users.title")}
          </Link>
        </p>
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="min-w-0 space-y-1 sm:contents">
      <dt className="font-medium">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </div>
  );
}
