
import type { Readiness } from "@/api/types";
import { useTranslation } from "@/i18n/use-translation";

import { HealthMark } from "./health-mark";

/** Each thing that answers depend on, with its own line. */
export function ReadinessList({ report }: { report: Readiness }) {
  const { t } = useTranslation("admin");
  return (
    <ul className="divide-y divide-line rounded-card border border-line bg-raised shadow-card">
      {report.checks.map(({ name, ok, required }) => (
        <li key={name} className="px-4 py-3 text-sm">
          <HealthMark health={ok ? "good" : required ? "bad" : "warn"}>
            <span className="font-medium break-words">
              <CheckName name={name} />
            </span>
            <span className="text-ink-soft"> · {t(ok ? "health.answers" : "health.silent")}</span>
            {!ok && <span className="block text-ink-soft">{t(required ? "health.required" : "health.optional")}</span>}
          </HealthMark>
        </li>
      ))}
    </ul>
  );
}

/** `store`, `queue`, `model:NAME`, `tools:NAME`. */
function CheckName({ name }: { name: string }) {
  const { t } = useTranslation("admin");
  const [kind, ...rest] = name.split(":");
  switch (kind) {
    case "store":
      return t("health.check.store");
    case "queue":
      return t("health.check.queue");
    case "model":
      return t("health.check.model", { name: rest.join(":") });
    case "tools":
      return rest.length === 0 ? t("health.servers") : t("health.check.tools", { name: rest.join(":") });
    default:
      return name;
  }
}
