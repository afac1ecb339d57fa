/** What is otherwise in a schema, line by line. */
import { diffLines } from "diff";

export interface Line {
  sign: "+" | "-" | " ";
  text: string;
}

/** Unchanged lines in a row, of which nobody needs to see all. */
export interface Gap {
  lines: number;
}

/** Unchanged lines that are shown around a change. */
const AROUND = 3;

/** The lines of both, with long unchanged stretches taken out. */
export function schemaLines(before: unknown, after: unknown): (Line | Gap)[] {
  const parts = diffLines(written(before), written(after));
  return parts.flatMap(({ value, added, removed }, at): (Line | Gap)[] => {
    const sign = added ? "+" : removed ? "-" : " ";
    const lines = value.replace(/\n$/, "").split("\n").map((text): Line => ({ sign, text }));
    if (sign !== " ") return lines;
    const head = at === 0 ? 0 : AROUND;
    const tail = at === parts.length - 1 ? 0 : AROUND;
    const left = lines.length - head - tail;
    // A gap of one line takes as much room as the line.
    if (left <= 1) return lines;
    return [...lines.slice(0, head), { lines: left }, ...lines.slice(lines.length - tail)];
  });
}

/** Members in one order, so that only what means something is a difference. */
function written(schema: unknown): string {
  return `${JSON.stringify(sorted(schema), null, 2)}\n`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, sorted(member)]));
}
