
import { useMe } from "@/api/queries";
import { number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { Avatar } from "@/ui/avatar";
import { Badge } from "@/ui/badge";
import { CopyText } from "@/ui/copy-text";
import { Meter } from "@/ui/meter";
import { ProblemNotice } from "@/ui/problem-notice";
import { SkeletonList } from "@/ui/skeleton";

import { AzureSignIn } from "./azure-sign-in";
import { Fact } from "./fact";

export function ProfileSection() {
  const { t } = useTranslation("settings");
  const me = useMe();
  if (me.isError && me.data === undefined) return <ProblemNotice error={me.error} onRetry={() => void me.refetch()} />;
  if (me.data === undefined) return <SkeletonList rows={4} />;
  const { name, tid, oid, roles, permissions, quotas, azure_sign_in } = me.data;
  const roleText = roles.map((role) => t(`common:role.${role}.text`, { defaultValue: "" })).filter(Boolean);
  return (
    <div className="space-y-6">
      <div className="flex items-center gap-4">
        <Avatar name={name ?? ""} size="large" />
        <div className="min-w-0">
          <p className="text-lg font-semibold break-words">{name ?? oid}</p>
          <p className="text-sm text-ink-soft">{roleText.join(" · ")}</p>
        </div>
      </div>
      <AzureSignIn state={azure_sign_in} />
      <dl className="space-y-5">
        <Fact name={t("profile.roles")}>
          {roles.length === 0 ? (
            t("profile.no_roles")
          ) : (
            <ul className="flex flex-wrap gap-1.5">
              {roles.map((role) => (
                <li key={role}>
                  <Badge tone="lead">{t(`common:role.${role}.name`, { defaultValue: role })}</Badge>
                </li>
              ))}
            </ul>
          )}
        </Fact>
        <Fact name={t("profile.permissions")}>
          <ul className="flex flex-wrap gap-1.5">
            {permissions.map((permission) => (
              <li key={permission} title={permission}>
                <Badge>{t(`common:permission.${permission}`, { defaultValue: permission })}</Badge>
              </li>
            ))}
          </ul>
        </Fact>
        {quotas.length > 0 && (
          <Fact name={t("profile.quotas")}>
            <div className="space-y-3">
              {quotas.map(({ name: quota, used, limit }) => (
                <Meter
                  key={quota}
                  label={t(`quotas:name.${quota}`, { defaultValue: quota })}
                  text={t("quotas:of", { used: number(used), limit: number(limit) })}
                  value={used}
                  max={limit}
                />
              ))}
            </div>
          </Fact>
        )}
        <Fact name={t("profile.tenant")}>
          <CopyText text={tid} label={t("profile.copy_tenant")} />
        </Fact>
        <Fact name={t("profile.object")}>
          <CopyText text={oid} label={t("profile.copy_object")} />
        </Fact>
      </dl>
    </div>
  );
}
