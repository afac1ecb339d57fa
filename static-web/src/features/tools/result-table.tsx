import { useState, useSyncExternalStore } from "react";

import { number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { CopyButton } from "@/ui/copy-button";

import { ResultCell } from "./result-cell";
import { tableAsText, VALUE_COLUMN, type Table } from "./tables";

const ROWS_AT_A_TIME = 100;
const FEW_COLUMNS = 7;

/** Rows and columns; on a narrow screen each row stands by itself. */
export function ResultTable({ table }: { table: Table }) {
  const { t } = useTranslation("tools");
  const [rows, setRows] = useState(ROWS_AT_A_TIME);
  const [all, setAll] = useState(false);
  const narrow = useNarrow();
  const columns = all ? table.columns : table.columns.slice(0, FEW_COLUMNS);
  const caption = table.path.at(-1) ?? t("result");
  const shown = table.rows.slice(0, rows);
  return (
    <div className="space-y-2">
      <div className="flex min-h-8 flex-wrap items-center justify-between gap-2">
        <p className="text-xs text-ink-soft">
          <span className="font-medium text-ink">{caption}</span> · {t("rows", { count: table.rows.length, n: number(table.rows.length) })}
        </p>
        {table.rows.length > 0 && (
          <div className="flex flex-wrap items-center gap-1">
            {table.columns.length > FEW_COLUMNS && (
              <Button size="small" tone="quiet" onClick={() => setAll(!all)}>
                {all ? t("fewer_columns") : t("all_columns", { n: table.columns.length })}
              </Button>
            )}
            <CopyButton withText label={t("copy_table")} text={() => tableAsText(table)} />
          </div>
        )}
      </div>
      {table.rows.length === 0 ? (
        <p className="rounded-control bg-sunken p-3 text-ink-soft">{t("no_rows")}</p>
      ) : narrow ? (
        <StackedRows table={{ ...table, rows: shown, columns }} />
      ) : (
        <Grid table={{ ...table, rows: shown, columns }} caption={caption} />
      )}
      {table.rows.length > rows && (
        <Button size="small" onClick={() => setRows(rows + ROWS_AT_A_TIME)}>
          {t("more_rows", { n: number(Math.min(ROWS_AT_A_TIME, table.rows.length - rows)) })}
        </Button>
      )}
    </div>
  );
}

function Grid({ table, caption }: { table: Table; caption: string }) {
  const { t } = useTranslation("tools");
  const empty = t("no_value");
  return (
    <div role="region" aria-label={caption} tabIndex={0} className="max-h-96 overflow-auto rounded-control border border-line">
      <table className="w-full border-collapse text-left text-xs">
        <thead className="sticky top-0 bg-sunken">
          <tr>
            {table.columns.map((column) => (
              <th key={column} scope="col" className="px-3 py-2 font-semibold whitespace-nowrap">
                {column === VALUE_COLUMN ? t("value") : column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, index) => (
            <tr key={index} className="border-t border-line">
              {table.columns.map((column) => (
                <td key={column} className="px-3 py-1.5 align-top">
                  <ResultCell value={row[column]} empty={empty} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function StackedRows({ table }: { table: Table }) {
  const { t } = useTranslation("tools");
  const empty = t("no_value");
  return (
    <ul className="divide-y divide-line rounded-control border border-line text-xs">
      {table.rows.map((row, index) => (
        <li key={index} className="px-3 py-2">
          <dl className="grid grid-cols-[minmax(5rem,max-content)_minmax(0,1fr)] gap-x-3 gap-y-0.5">
            {table.columns.map((column) => (
              <div key={column} className="contents">
                <dt className="break-words text-ink-soft">{column === VALUE_COLUMN ? t("value") : column}</dt>
                <dd className="min-w-0">
                  <ResultCell value={row[column]} empty={empty} />
                </dd>
              </div>
            ))}
          </dl>
        </li>
      ))}
    </ul>
  );
}

function useNarrow(): boolean {
  return useSyncExternalStore(
    (changed) => {
      const query = window.matchMedia("(max-width: 639px)");
      query.addEventListener("change", changed);
      return () => query.removeEventListener("change", changed);
    },
    () => window.matchMedia("(max-width: 639px)").matches,
  );
}
