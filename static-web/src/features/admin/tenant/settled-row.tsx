import { Link } from "@tanstack/react-router";

import type { components } from "@/api/schema";
import { ADMIN_PAGES } from "@/features/admin/pages";
import { dateTime, number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";

/** Something that a tenant can settle for itself, where that is done, and who did last. */
export function SettledRow({ setting }: { setting: components["schemas"]["TenantSettingView"] }) {
  const { t } = useTranslation("admin");
  const { kind, stored } = setting;
  const page = ADMIN_PAGES.find(({ to }) => to === `/admin/${kind}`);
  return (
    <li className="flex flex-col gap-x-4 gap-y-1 px-4 py-3 sm:flex-row sm:items-baseline">
      <span className="shrink-0 font-medium sm:w-36">
        {page === undefined ? (
          kind
        ) : (
          <Link to={page.to} className="text-lead underline underline-offset-2">
            {t(page.label)}
          </Link>
        )}
      </span>
      <span className="min-w-0 break-words text-ink-soft">
        {stored == null
          ? t("tenant.default")
          : t("tenant.stored", { number: number(stored.number), who: stored.by_name ?? stored.by, when: dateTime(stored.at), reason: stored.reason })}
      </span>
    </li>
  );
}
