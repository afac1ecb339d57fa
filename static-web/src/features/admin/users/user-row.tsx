import type { User } from "@/api/types";
import { useTranslation } from "@/i18n/use-translation";
import { FoldCard } from "@/ui/fold-card";
import type { RowPlace } from "@/ui/virtual-list";

import { RoleNames } from "./role-names";
import { UserDetails } from "./user-details";
import { UserStatus } from "./user-status";

/** A person: a line, and below it everything about them when it is open. */
export function UserRow({ user, open, onToggle, place }: { user: User; open: boolean; onToggle(): void; place: RowPlace }) {
  const { t } = useTranslation("admin");
  return (
    <FoldCard
      place={place}
      open={open}
      onToggle={onToggle}
      name={
        <>
          <span className="block font-medium break-words">{user.name ?? t("users.no_name")}</span>
          <span className="block font-mono text-xs break-all text-ink-soft">{user.oid}</span>
        </>
      }
      marks={
        <>
          <RoleNames roles={user.effective_roles} none={t("users.no_roles")} />
          <UserStatus status={user.status} />
        </>
      }
    >
      <UserDetails oid={user.oid} />
    </FoldCard>
  );
}
