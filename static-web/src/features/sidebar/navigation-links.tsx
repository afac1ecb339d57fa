import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";

import { useMe } from "@/api/queries";
import { NAVIGATION, type NavigationItem } from "@/app/navigation";
import { number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";

/** The pages beside the conversations; `compact` shows their icons only. */
export function NavigationLinks({ compact = false }: { compact?: boolean }) {
  const { t } = useTranslation();
  const { data: me } = useMe();
  const items = NAVIGATION.filter(({ permission }) => permission === undefined || me?.permissions.includes(permission));
  return (
    <nav aria-label={t("nav.main")}>
      <ul className="space-y-0.5">
        {items.map((item) => (
          <li key={item.to}>
            <NavigationLink item={item} compact={compact} />
          </li>
        ))}
      </ul>
    </nav>
  );
}

function NavigationLink({ item, compact }: { item: NavigationItem; compact: boolean }) {
  const { t } = useTranslation();
  const count = item.useCount?.() ?? 0;
  const label = t(item.label);
  const Icon = item.icon;
  return (
    <Link
      to={item.to}
      title={compact ? label : undefined}
      className={clsx(
        "relative flex items-center gap-2.5 rounded-control text-sm text-ink-soft transition-colors hover:bg-sunken hover:text-ink",
        compact ? "size-10 justify-center pointer-coarse:size-11" : "min-h-9 px-2 pointer-coarse:min-h-11",
      )}
      activeProps={{ className: "bg-lead-soft font-medium text-ink" }}
    >
      <Icon size={18} aria-hidden className="shrink-0" />
      <span className={compact ? "sr-only" : "min-w-0 flex-1 truncate"}>{label}</span>
      {count > 0 && (
        <span
          className={clsx(
            "rounded-full bg-lead text-center text-xs font-semibold text-on-lead tabular-nums",
            compact ? "absolute top-0.5 right-0.5 min-w-4 px-1 text-[0.625rem] leading-4" : "min-w-5 px-1.5 leading-5",
          )}
        >
          <span aria-hidden>{count > 99 ? "99+" : number(count)}</span>
          <span className="sr-only">{t("nav.waiting", { count })}</span>
        </span>
      )}
    </Link>
  );
}
