import { useQuery } from "@tanstack/react-query";
import { TriangleAlert } from "lucide-react";

import type { UserPatch } from "@/api/types";
import { Fact } from "@/features/settings/fact";
import { dateTime } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { ProblemNotice } from "@/ui/problem-notice";
import { SkeletonList } from "@/ui/skeleton";
import { toast } from "@/ui/toast";

import { isStale, useChangeUser, userQuery } from "./queries";
import { RoleForm } from "./role-form";
import { RoleNames } from "./role-names";
import { SessionList } from "./session-list";
import { StandingButtons } from "./standing-buttons";

/** What is known of a person, and what can be changed. */
export function UserDetails({ oid }: { oid: string }) {
  const { t } = useTranslation("admin");
  const { data, error, refetch } = useQuery(userQuery(oid));
  const change = useChangeUser(oid);
  if (data === undefined) {
    return error === null ? <SkeletonList rows={4} /> : <ProblemNotice error={error} onRetry={() => void refetch()} />;
  }
  const { value: user, etag } = data;
  const save = (patch: UserPatch) => change.mutate({ patch, etag }, { onSuccess: () => toast(t("users.saved")) });
  return (
    <div className="space-y-5 text-sm">
      <dl className="space-y-3">
        <Fact name={t("users.granted")}>
          <RoleNames roles={user.granted_roles} none={t("users.none_granted")} />
        </Fact>
        <Fact name={t("users.effective")}>
          <RoleNames roles={user.effective_roles} none={t("users.no_roles")} />
        </Fact>
        <Fact name={t("users.created_at")}>{dateTime(user.created_at)}</Fact>
        {user.signed_out_at != null && <Fact name={t("users.signed_out_at")}>{dateTime(user.signed_out_at)}</Fact>}
      </dl>
      {change.error !== null && (isStale(change.error) ? <Stale /> : <ProblemNotice error={change.error} />)}
      <RoleForm key={etag} user={user} busy={change.isPending} onSave={(roles) => save({ roles: roles === null ? null : [...roles] })} />
      <SessionList oid={oid} />
      <StandingButtons user={user} busy={change.isPending} onChange={(status) => save({ status })} />
    </div>
  );
}

function Stale() {
  const { t } = useTranslation("admin");
  return (
    <div role="alert" className="flex animate-fade-in items-start gap-2.5 rounded-control border border-warn/40 bg-warn-soft p-3">
      <TriangleAlert size={17} className="mt-0.5 shrink-0 text-warn" aria-hidden />
      <p>{t("users.stale")}</p>
    </div>
  );
}
