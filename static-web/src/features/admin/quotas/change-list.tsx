
import { number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";

import type { Change } from "./draft";
import { useGroupName } from "./group-name";

/** What storing would change, before it is stored. */
export function ChangeList({ changes }: { changes: readonly Change[] }) {
  const { t } = useTranslation("quotas");
  const groupName = useGroupName();
  const said = (limit: number | null, { group, quota }: Change) => {
    if (limit !== null) return number(limit);
    const standard = group === "person" ? number(quota.person) : group !== "tenant" ? t("as_person") : quota.tenant == null ? t("no_limit") : number(quota.tenant);
    return t("not_set", { limit: standard });
  };
  return (
    <section aria-labelledby="quotas-changes" className="rounded-card border border-line bg-sunken p-4 text-sm">
      <h2 id="quotas-changes" className="font-semibold">
        {t("changes")}
      </h2>
      <ul className="mt-2 list-disc space-y-1 pl-5">
        {changes.map((change) => (
          <li key={`${change.group} ${change.quota.name}`} className="break-words">
            {t("change", {
              group: groupName(change.group),
              quota: t(`limit.${change.quota.name}`, { defaultValue: change.quota.name }),
              before: said(change.before, change),
              after: said(change.after, change),
            })}
          </li>
        ))}
      </ul>
    </section>
  );
}
