import { useState } from "react";

import type { UsageRow } from "@/api/types";
import { day } from "@/i18n/day";
import { number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";

import { useMeasureText } from "./measure-text";
import type { By } from "./queries";
import { measured, sorted, total, type Measure } from "./rows";

/** Rows that are put on the page at a time. */
const ROWS = 31;

/** What each way to split counts. */
const COLUMNS: Record<By, readonly Measure[]> = {
  day: ["turns", "tool_calls", "tokens", "cost"],
  user: ["turns", "tool_calls", "tokens", "cost"],
  model: ["turns", "tokens", "cost"],
  tool: ["tool_calls"],
};

export interface UsageTableProps {
  by: By;
  rows: readonly UsageRow[];
  measure: Measure;
  /** Names of people by their object ids, as far as they are known. */
  names: ReadonlyMap<string, string>;
}

/** Every number; what is not a day has a bar beside it. */
export function UsageTable({ by, rows, measure, names }: UsageTableProps) {
  const { t } = useTranslation("usage");
  const text = useMeasureText();
  const [shown, setShown] = useState(ROWS);
  const columns = COLUMNS[by];
  const shownMeasure = columns.includes(measure) ? measure : columns[0]!;
  const all = sorted(rows, by === "day" ? "day" : "other", shownMeasure);
  const most = Math.max(1, ...rows.map((row) => measured(row, shownMeasure) ?? 0));
  const sum = total(rows);
  const caption = t("table", { by: t(`by.${by}`) });
  return (
    <div className="space-y-3">
      <div role="region" aria-label={caption} tabIndex={0} className="overflow-x-auto rounded-card border border-line bg-raised shadow-card">
        <table className="w-full text-left text-sm">
          <caption className="sr-only">{caption}</caption>
          <thead className="bg-sunken text-xs text-ink-soft">
            <tr>
              <th scope="col" className="px-3 py-2 font-semibold whitespace-nowrap">
                {t(`by.${by}`)}
              </th>
              {by !== "day" && (
                <th scope="col" className="hidden w-1/4 px-3 py-2 font-semibold sm:table-cell">
                  {t("share")}
                </th>
              )}
              {columns.map((column) => (
                <th key={column} scope="col" className="px-3 py-2 text-right font-semibold whitespace-nowrap">
                  {t(`measure.${column}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="divide-y divide-line">
            {all.slice(0, shown).map((row) => (
              <tr key={row.key}>
                <th scope="row" className="min-w-32 px-3 py-2 font-normal break-all">
                  <Name by={by} name={row.key} names={names} />
                </th>
                {by !== "day" && (
                  <td className="hidden px-3 py-2 sm:table-cell">
                    <span aria-hidden className="block h-2 rounded-full bg-lead" style={{ width: `${((measured(row, shownMeasure) ?? 0) / most) * 100}%` }} />
                  </td>
                )}
                {columns.map((column) => (
                  <td key={column} className="px-3 py-2 text-right whitespace-nowrap tabular-nums">
                    {text(measured(row, column), column)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
          {sum !== null && rows.length > 1 && (
            <tfoot className="border-t border-line-strong font-semibold">
              <tr>
                <th scope="row" className="px-3 py-2 font-semibold">
                  {t("sum")}
                </th>
                {by !== "day" && <td className="hidden sm:table-cell" />}
                {columns.map((column) => (
                  <td key={column} className="px-3 py-2 text-right whitespace-nowrap tabular-nums">
                    {text(measured(sum, column), column)}
                  </td>
                ))}
              </tr>
            </tfoot>
          )}
        </table>
      </div>
      {all.length > shown && (
        <Button size="small" onClick={() => setShown(shown + ROWS)}>
          {t("more", { n: number(Math.min(ROWS, all.length - shown)) })}
        </Button>
      )}
    </div>
  );
}

function Name({ by, name, names }: { by: By; name: string; names: ReadonlyMap<string, string> }) {
  const { t } = useTranslation("usage");
  if (by === "day") return day(name);
  if (name === "other") return t("other");
  const known = names.get(name);
  if (by !== "user" || known === undefined) return <span className="font-mono text-xs">{name}</span>;
  return (
    <>
      {known} <span className="font-mono text-xs text-ink-soft">{name}</span>
    </>
  );
}
