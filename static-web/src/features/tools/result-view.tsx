import { Download } from "lucide-react";
import { lazy, Suspense, useMemo, useState, type ReactNode } from "react";

import { bytes } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { CopyButton } from "@/ui/copy-button";
import { SkeletonList } from "@/ui/skeleton";
import { Tabs } from "@/ui/tabs";

import { ArgumentList } from "./argument-list";
import { download } from "./download";
import { ResultTable } from "./result-table";
import { findFacts, findTables } from "./tables";
import { TextPages } from "./text-pages";

const JsonTree = lazy(() => import("./json-tree").then((module) => ({ default: module.JsonTree })));

/** A tree of more than this is slower to open than a text is to read. */
const MAX_TREE_CHARS = 256 * 1024;

/** A whole result, as a table and as JSON when it is JSON, else as the text that it is. */
export function ResultView({ text, fileName }: { text: string; fileName: string }) {
  const { t } = useTranslation("tools");
  const [view, setView] = useState<"table" | "json">("table");
  const value = useMemo(() => parsed(text), [text]);
  const size = useMemo(() => new Blob([text]).size, [text]);
  const isJson = value !== undefined;
  const aside = (
    <div className="flex flex-wrap items-center gap-1 pb-1">
      <span className="px-1 text-xs text-ink-soft tabular-nums">{bytes(size)}</span>
      <CopyButton withText text={isJson ? () => JSON.stringify(value, null, 2) : text} />
      <Button
        size="small"
        tone="quiet"
        onClick={() => download(`${fileName}.${isJson ? "json" : "txt"}`, text, isJson ? "application/json" : "text/plain")}
      >
        <Download size={15} aria-hidden />
        {t("download")}
      </Button>
    </div>
  );
  if (value === undefined) {
    return (
      <div>
        <div className="flex justify-end">{aside}</div>
        <TextPages text={text} label={t("result")} />
      </div>
    );
  }
  return (
    <Tabs<"table" | "json">
      label={t("result")}
      tabs={[
        { name: "table", label: t("view_table") },
        { name: "json", label: "JSON" },
      ]}
      selected={view}
      onSelect={setView}
      aside={aside}
    >
      {view === "table" ? <TableView value={value} /> : <JsonText value={value} text={text} />}
    </Tabs>
  );
}

function TableView({ value }: { value: object }): ReactNode {
  const { t } = useTranslation("tools");
  const { tables, facts } = useMemo(() => {
    const found = findTables(value);
    return { tables: found, facts: findFacts(value, found) };
  }, [value]);
  if (tables.length === 0 && facts.length === 0) return <p className="text-ink-soft">{t("no_content")}</p>;
  return (
    <div className="space-y-4">
      {facts.length > 0 && <ArgumentList values={facts} />}
      {tables.map((table) => (
        <ResultTable key={table.path.join("/")} table={table} />
      ))}
    </div>
  );
}

function JsonText({ value, text }: { value: object; text: string }) {
  const isLarge = text.length > MAX_TREE_CHARS;
  const pretty = useMemo(() => (isLarge ? JSON.stringify(value, null, 2) : ""), [isLarge, value]);
  if (isLarge) return <TextPages text={pretty} label="JSON" />;
  return (
    <Suspense fallback={<SkeletonList rows={3} />}>
      <div className="max-h-96 overflow-auto rounded-control bg-sunken p-2">
        <JsonTree value={value} />
      </div>
    </Suspense>
  );
}

/** `undefined`: a text, not an object or array in JSON. */
function parsed(text: string): object | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as object;
  } catch {
    return undefined;
  }
}
