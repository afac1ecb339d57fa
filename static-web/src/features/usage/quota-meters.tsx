
import type { Me } from "@/api/types";
import { dateTime, number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { Meter } from "@/ui/meter";

/** How much of each quota is left, and when it is fresh again. */
export function QuotaMeters({ quotas }: { quotas: Me["quotas"] }) {
  const { t } = useTranslation("quotas");
  return (
    <ul className="grid gap-x-8 gap-y-4 sm:grid-cols-2 lg:grid-cols-3">
      {quotas.map(({ name, used, limit, left, resets_at }) => (
        <li key={name}>
          <Meter label={t(`name.${name}`, { defaultValue: name })} text={t("of", { used: number(used), limit: number(limit) })} value={used} max={limit} />
          <p className="mt-1 text-xs text-ink-soft">
            {[t("left", { left: number(left) }), resets_at == null ? "" : t("resets", { when: dateTime(resets_at) })].filter(Boolean).join(" · ")}
          </p>
        </li>
      ))}
    </ul>
  );
}
