
import { useTranslation } from "@/i18n/use-translation";

import type { Group } from "./draft";

/** Whose limits a group has, in words. */
export function useGroupName(): (group: Group) => string {
  const { t } = useTranslation("quotas");
  return (group) => (group === "person" || group === "tenant" ? t(`group.${group}`) : t("group.role", { role: t(`common:role.${group}.name`) }));
}
