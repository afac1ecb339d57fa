
import type { AuditRecord } from "@/api/types";
import { dateTime, number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { BarChart } from "@/ui/bar-chart";

import { buckets } from "./buckets";

/** The records that are shown, over time; the same as a table on demand. */
export function RecordChart({ records }: { records: readonly AuditRecord[] }) {
  const { t } = useTranslation("audit");
  const parts = buckets(records);
  const bad = parts.reduce((sum, part) => sum + part.bad, 0);
  const most = Math.max(...parts.map((part) => part.good + part.bad));
  return (
    <div className="space-y-2">
      <BarChart
        summary={t("chart", { n: number(records.length), from: dateTime(parts[0]!.from), to: dateTime(records[0]!.at), bad: number(bad) })}
        most={number(most)}
        bars={parts.map((part) => ({
          label: dateTime(part.from),
          parts: [
            { value: part.good, colour: "bg-lead" },
            { value: part.bad, colour: "bg-bad" },
          ],
          text: t("chart_bar", { from: dateTime(part.from), good: number(part.good), bad: number(part.bad) }),
        }))}
      />
      <ul aria-hidden className="flex flex-wrap gap-4 text-xs text-ink-soft">
        <li className="flex items-center gap-1.5">
          <span className="size-2.5 rounded-sm bg-lead" />
          {t("chart_good")}
        </li>
        <li className="flex items-center gap-1.5">
          <span className="size-2.5 rounded-sm bg-bad" />
          {t("chart_bad")}
        </li>
      </ul>
      <details className="text-sm">
        <summary className="inline-flex min-h-8 items-center text-lead underline underline-offset-2 pointer-coarse:min-h-11">{t("chart_table")}</summary>
        <table className="mt-2 w-full max-w-xl text-left text-sm tabular-nums">
          <thead className="text-xs text-ink-soft">
            <tr>
              {(["chart_from", "chart_good", "chart_bad"] as const).map((column) => (
                <th key={column} scope="col" className="py-1 pr-4 font-semibold">
                  {t(column)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="divide-y divide-line">
            {parts
              .filter((part) => part.good + part.bad > 0)
              .map((part) => (
                <tr key={part.from.getTime()}>
                  <th scope="row" className="py-1 pr-4 font-normal">
                    {dateTime(part.from)}
                  </th>
                  <td className="py-1 pr-4">{number(part.good)}</td>
                  <td className="py-1 pr-4">{number(part.bad)}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </details>
    </div>
  );
}
