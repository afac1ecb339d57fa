/**
 * Cuts Markdown into blocks that can be rendered each for itself, so that while text arrives
 * only the last one is parsed again.
 */
export type Block =
  | { kind: "markdown"; text: string }
  /** A fenced piece of code; `closed` once its end has arrived. */
  | { kind: "code"; language: string; text: string; closed: boolean };

const FENCE = /^( {0,3})(`{3,}|~{3,})\s*([^`]*)$/;
const LIST_ITEM = /^ {0,3}(?:[-*+]|\d{1,9}[.)])(?:\s|$)/;
const INDENTED = /^(?: {2,}|\t)/;
const INNER_FENCE = /^\s*(`{3,}|~{3,})/;

/** Every block's `text` comes from `text` in order; blank lines between blocks are left out. */
export function splitBlocks(text: string): Block[] {
  const blocks: Block[] = [];
  let lines: string[] = [];
  let list = false;
  /** A fence inside of a list item. */
  let inner: string | null = null;
  let code: { indent: number; mark: string; language: string; lines: string[] } | null = null;

  const close = () => {
    while (lines.length > 0 && lines.at(-1)!.trim() === "") lines.pop();
    if (lines.length > 0) blocks.push({ kind: "markdown", text: lines.join("\n") });
    lines = [];
    list = false;
    inner = null;
  };

  for (const line of text.split("\n")) {
    if (code !== null) {
      if (closesFence(line, code.mark)) {
        blocks.push({ kind: "code", language: code.language, text: code.lines.join("\n"), closed: true });
        code = null;
      } else code.lines.push(stripIndent(line, code.indent));
      continue;
    }
    if (inner !== null) {
      lines.push(line);
      if (closesFence(line.trimStart(), inner)) inner = null;
      continue;
    }
    if (line.trim() === "") {
      // Only the next line says whether a list goes on after a blank one.
      if (list) lines.push(line);
      else close();
      continue;
    }
    const afterBlank = list && lines.at(-1)?.trim() === "";
    if (afterBlank && !LIST_ITEM.test(line) && !INDENTED.test(line)) close();
    if (list && INDENTED.test(line)) {
      inner = INNER_FENCE.exec(line)?.[1] ?? null;
      lines.push(line);
      continue;
    }
    const fence = FENCE.exec(line);
    if (fence !== null) {
      close();
      code = { indent: fence[1]!.length, mark: fence[2]!, language: fence[3]!.trim().split(/\s+/)[0] ?? "", lines: [] };
      continue;
    }
    if (lines.length === 0) list = LIST_ITEM.test(line);
    else if (!list && LIST_ITEM.test(line)) list = true;
    lines.push(line);
  }
  if (code !== null) blocks.push({ kind: "code", language: code.language, text: code.lines.join("\n"), closed: false });
  close();
  return blocks;
}

function closesFence(line: string, mark: string): boolean {
  const end = line.trim();
  return /^ {0,3}\S/.test(line) && end.length >= mark.length && end[0] === mark[0] && [...end].every((char) => char === mark[0]);
}

function stripIndent(line: string, indent: number): string {
  let from = 0;
  while (from < indent && line[from] === " ") from += 1;
  return line.slice(from);
}
