import { useSearch } from "@tanstack/react-router";
import { LockKeyhole } from "lucide-react";

import { Framed } from "@/app/pages/framed";
import { MessagePage } from "@/app/pages/message-page";
import { useSession } from "@/auth/session";
import { useTranslation } from "@/i18n/use-translation";
import { ButtonLink } from "@/ui/button-link";

export function ForbiddenPage() {
  const { permission } = useSearch({ from: "/403" });
  return (
    <Framed>
      <ForbiddenMessage permission={permission} />
    </Framed>
  );
}

/** Names the permission that is missing, and who can give it. */
export function ForbiddenMessage({ permission }: { permission?: string | undefined }) {
  const { t } = useTranslation("pages");
  const name = useSession((state) => state.name);
  return (
    <MessagePage
      mark={<LockKeyhole size={26} />}
      title={t("forbidden.title")}
      actions={
        <>
          <ButtonLink to="/c" tone="lead">
            {t("not_found.home")}
          </ButtonLink>
          <ButtonLink to="/settings" hash="profile">
            {t("forbidden.my_roles")}
          </ButtonLink>
        </>
      }
    >
      <p>{t("forbidden.text")}</p>
      {permission !== undefined && (
        <dl className="rounded-card border border-line bg-sunken p-4 text-sm">
          <dt className="text-ink-faint">{t("forbidden.needed")}</dt>
          <dd className="mt-1 font-medium text-ink">
            {t(`common:permission.${permission}`, { defaultValue: permission })}{" "}
            <code className="font-mono text-xs break-all text-ink-soft select-all">{permission}</code>
          </dd>
          {name !== null && (
            <>
              <dt className="mt-3 text-ink-faint">{t("forbidden.signed_in_as")}</dt>
              <dd className="mt-1 font-medium text-ink">{name}</dd>
            </>
          )}
        </dl>
      )}
      <p>{t("forbidden.hint")}</p>
    </MessagePage>
  );
}
