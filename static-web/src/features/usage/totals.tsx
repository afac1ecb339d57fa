
import type { UsageRow } from "@/api/types";
import { useTranslation } from "@/i18n/use-translation";

import { useMeasureText } from "./measure-text";
import { measured, MEASURES, total } from "./rows";

/** Everything of the chosen time together. */
export function Totals({ rows }: { rows: readonly UsageRow[] }) {
  const { t } = useTranslation("usage");
  const text = useMeasureText();
  const sum = total(rows);
  if (sum === null) return null;
  return (
    <dl className="grid grid-cols-2 gap-3 lg:grid-cols-4">
      {MEASURES.map((measure) => (
        <div key={measure} className="rounded-card border border-line bg-raised p-4 shadow-card">
          <dt className="text-xs text-ink-soft">{t(`measure.${measure}`)}</dt>
          <dd className="text-xl font-semibold break-words tabular-nums">{text(measured(sum, measure), measure)}</dd>
          {measure === "cost" && <dd className="mt-1 text-xs text-ink-soft">{t(sum.cost_micros == null ? "cost_unknown_hint" : "cost_hint")}</dd>}
        </div>
      ))}
    </dl>
  );
}
