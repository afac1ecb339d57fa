import { Link, Outlet } from "@tanstack/react-router";

import { useMe } from "@/api/queries";
import { ADMINISTRATION } from "@/app/navigation";
import { ADMIN_PAGES } from "@/features/admin/pages";
import { useTranslation } from "@/i18n/use-translation";
import { ProblemNotice } from "@/ui/problem-notice";
import { SkeletonList } from "@/ui/skeleton";

import { ForbiddenMessage } from "./forbidden";

/** What is around every page of the administration. Who may not administer is told so, and asks the API for nothing. */
export function AdminArea() {
  const { t } = useTranslation("admin");
  const me = useMe();
  if (me.data === undefined) {
    return <div className="p-6">{me.error === null ? <SkeletonList rows={4} /> : <ProblemNotice error={me.error} onRetry={() => void me.refetch()} />}</div>;
  }
  if (!me.data.permissions.includes(ADMINISTRATION)) return <ForbiddenMessage permission={ADMINISTRATION} />;
  return (
    <div className="min-h-0 flex-1 overflow-y-auto" data-scroll="page">
      <div className="mx-auto max-w-5xl px-4 py-8 sm:px-8">
        <nav aria-label={t("nav")}>
          <ul className="-mx-2 flex flex-wrap gap-y-1">
            {ADMIN_PAGES.map(({ to, label, icon: Icon }) => (
              <li key={to}>
                <Link
                  to={to}
                  className="flex min-h-9 items-center gap-1.5 rounded-control px-2 text-sm text-ink-soft transition-colors hover:bg-sunken hover:text-ink pointer-coarse:min-h-11"
                  activeProps={{ className: "bg-lead-soft font-medium text-ink" }}
                >
                  <Icon size={16} aria-hidden />
                  {t(label)}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <div className="mt-6">
          <Outlet />
        </div>
      </div>
    </div>
  );
}
