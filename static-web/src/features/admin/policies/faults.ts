/** A fault in a text of policies; lines and columns from 1. */
export interface Fault {
  line: number;
  column: number;
  message: string;
}

const FAULT = /Line (\d+), column (\d+): ([\s\S]*?)\.(?= Line \d+, column \d+: | And \d+ more\.|$)/g;

/** The faults that the detail of a problem names, such as `Nothing was stored. Line 3, column 5: unexpected token.` */
export function faultsOf(detail: string): Fault[] {
  return [...detail.matchAll(FAULT)].map(([, line, column, message]) => ({ line: Number(line), column: Number(column), message: message! }));
}

/** Where in the text a line and column are. */
export function offsetOf(text: string, line: number, column: number): number {
  const lines = text.split("\n");
  const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  return Math.min(text.length, before + Math.min(column - 1, lines[line - 1]?.length ?? 0));
}
