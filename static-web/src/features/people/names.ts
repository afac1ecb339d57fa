import { useInfiniteQuery } from "@tanstack/react-query";

import { useMe } from "@/api/queries";
import { ADMINISTRATION } from "@/app/navigation";
import { usersQuery } from "@/features/admin/users/queries";
import { useTranslation } from "@/i18n/use-translation";

/** Names by object id: one's own, and for administrators those of the first page of people. */
export function usePeopleNames(): ReadonlyMap<string, string> {
  const { t } = useTranslation();
  const { data: me } = useMe();
  const people = useInfiniteQuery({ ...usersQuery({ words: "", status: null }), enabled: me?.permissions.includes(ADMINISTRATION) === true });
  const names = new Map<string, string>();
  for (const { oid, name } of people.data?.pages.flatMap((page) => page.items) ?? []) if (name != null) names.set(oid, name);
  if (me !== undefined) names.set(me.oid, `${me.name ?? ""} (${t("you")})`.trim());
  return names;
}
