
import type { UsageRow } from "@/api/types";
import { day } from "@/i18n/day";
import { useTranslation } from "@/i18n/use-translation";
import { BarChart } from "@/ui/bar-chart";

import { useMeasureText } from "./measure-text";
import { everyDay, measured, type Measure } from "./rows";

/** One measure over the days. */
export function UsageChart({ from, to, rows, measure }: { from: string; to: string; rows: readonly UsageRow[]; measure: Measure }) {
  const { t } = useTranslation("usage");
  const text = useMeasureText();
  const days = everyDay(from, to, rows).map((one) => ({ day: one.day, value: one.row === null ? 0 : (measured(one.row, measure) ?? 0) }));
  const most = text(Math.max(...days.map(({ value }) => value)), measure);
  return (
    <BarChart
      summary={t("chart", { measure: t(`measure.${measure}`), from: day(from), to: day(to), most })}
      most={most}
      bars={days.map((one) => ({
        label: day(one.day),
        parts: [{ value: one.value, colour: "bg-lead" }],
        text: `${day(one.day)}: ${text(one.value, measure)}`,
      }))}
    />
  );
}
