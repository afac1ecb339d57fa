import { useTranslation } from "@/i18n/use-translation";

import type { Change } from "./draft";
import { useOfferedTo } from "./offered-to";

/** What storing would change, before it is stored. */
export function ChangeList({ changes, standard }: { changes: readonly Change[]; standard: string }) {
  const { t } = useTranslation("models");
  const offeredTo = useOfferedTo();
  const named = (name: string) => (name === "" ? t("as_installed", { name: standard }) : name);
  return (
    <section aria-labelledby="models-changes" className="rounded-card border border-line bg-sunken p-4 text-sm">
      <h2 id="models-changes" className="font-semibold">
        {t("changes")}
      </h2>
      <ul className="mt-2 list-disc space-y-1 pl-5">
        {changes.map((change) => (
          <li key={change.what === "default" ? "default" : `of ${change.model}`} className="break-words">
            {change.what === "default"
              ? t("change", { what: t("default"), before: named(change.before), after: named(change.after) })
              : t("change", { what: change.model, before: offeredTo(change.before), after: offeredTo(change.after) })}
          </li>
        ))}
      </ul>
    </section>
  );
}
