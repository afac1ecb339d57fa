/**
 * Tables in what a tool said. The Azure MCP Server answers
 * `{status, message, results: {things: [{…}]}, duration}`; other servers answer as they like,
 * so arrays are looked for wherever they stand, and the shallowest ones win.
 */
export type Row = Record<string, unknown>;

export interface Table {
  /** Where it stands, such as `results.accounts`; empty at the top. */
  path: string[];
  rows: Row[];
  /** All columns, the most telling first. */
  columns: string[];
}

/** Column of an array whose elements are not objects. */
export const VALUE_COLUMN = "value";

/** Deeper than this is a detail of something, not the answer. */
const MAX_DEPTH = 4;
/** Deeper than this a list of words, such as zones, is a detail of something too. */
const MAX_DEPTH_OF_WORDS = 2;
/** Rows that are looked at to choose columns. */
const SAMPLE = 100;

export function findTables(value: unknown): Table[] {
  let level: { path: string[]; value: unknown }[] = [{ path: [], value }];
  for (let depth = 0; depth <= MAX_DEPTH && level.length > 0; depth += 1) {
    const arrays = level.filter(
      (node): node is { path: string[]; value: unknown[] } =>
        Array.isArray(node.value) && (depth <= MAX_DEPTH_OF_WORDS || node.value.some(isObject)),
    );
    if (arrays.length > 0) return arrays.map((node) => tableOf(node.path, node.value));
    level = level.flatMap((node) =>
      isObject(node.value) ? Object.entries(node.value).map(([key, inner]) => ({ path: [...node.path, key], value: inner })) : [],
    );
  }
  return [];
}

/** What an answer says beside its tables; the envelope says nothing to a reader. */
export function findFacts(value: unknown, tables: readonly Table[] = findTables(value)): [string, unknown][] {
  let path: string[] = [];
  let body = value;
  const enter = (key: string) => {
    path = [...path, key];
    body = (body as Record<string, unknown>)[key];
  };
  if (isObject(body) && "results" in body) enter("results");
  const only = isObject(body) ? Object.keys(body) : [];
  if (isObject(body) && only.length === 1 && isObject(body[only[0]!])) enter(only[0]!);
  if (!isObject(body)) return [];
  const shown = new Set(tables.map((table) => JSON.stringify(table.path)));
  return Object.entries(body).filter(([key]) => !shown.has(JSON.stringify([...path, key])));
}

/** The sentence of an answer that tells of a failure. */
export function failureText(value: unknown): string | null {
  if (!isObject(value)) return null;
  const status = value["status"];
  if (typeof status === "number" && status < 400) return null;
  const results = value["results"];
  const told = [isObject(results) ? results["message"] : undefined, value["message"], value["error"]];
  return told.find((text): text is string => typeof text === "string" && text.trim() !== "") ?? null;
}

function tableOf(path: string[], items: unknown[]): Table {
  const rows = items.map((item): Row => (isObject(item) ? item : { [VALUE_COLUMN]: item }));
  return { path, rows, columns: rankColumns(rows) };
}

function rankColumns(rows: Row[]): string[] {
  const sample = rows.slice(0, SAMPLE);
  const columns = [...new Set(sample.flatMap((row) => Object.keys(row)))];
  const score = new Map(columns.map((column, index) => [column, worth(column, sample) - index / 1000]));
  return columns.sort((a, b) => score.get(b)! - score.get(a)!);
}

/** How much a column tells: names first, nested things and columns without a value last. */
function worth(column: string, rows: Row[]): number {
  const values = rows.map((row) => row[column]);
  const filled = values.filter((value) => value !== null && value !== undefined && value !== "");
  if (filled.length === 0) return -4;
  if (/^(display)?name$/i.test(column)) return 5;
  if (/name$/i.test(column)) return 3;
  if (filled.every((value) => typeof value === "object")) return filled.every(isEmpty) ? -3 : -1;
  if (filled.some((value) => typeof value === "string" && isId(value))) return -2;
  if (/^(location|region|status|state|kind|type|size|sku)$|state$/i.test(column)) return 2;
  return 1;
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A GUID or the id of an Azure resource: exact, and long to read. */
export function isId(text: string): boolean {
  return GUID.test(text) || /^\/(subscriptions|providers)\//i.test(text);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value in one line. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined || value === "") return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Tab-separated, as spreadsheets take it from the clipboard. */
export function tableAsText(table: Table): string {
  const clean = (text: string) => text.replace(/[\t\r\n]+/g, " ");
  // A cell that begins so would be taken for a formula.
  const inert = (text: string) => (/^[=+\-@]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text);
  const lines = table.rows.map((row) => table.columns.map((column) => inert(clean(cellText(row[column])))).join("\t"));
  return [table.columns.map(clean).join("\t"), ...lines].join("\n");
}
