import { useTranslation } from "@/i18n/use-translation";

import type { OnlyFor } from "./draft";

/** Who is offered a model, in words. */
export function useOfferedTo(): (onlyFor: OnlyFor) => string {
  const { t } = useTranslation("models");
  return (onlyFor) => {
    if (onlyFor === null) return t("everybody");
    if (onlyFor.length === 0) return t("nobody");
    return onlyFor.map((role) => t(`common:role.${role}.name`, { defaultValue: role })).join(", ");
  };
}
