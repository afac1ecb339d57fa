/**
 * The one spelling that hashes are computed over: no white space, members sorted by name in code
 * points, every text and number exactly as the export spells it. JavaScript's own reading would
 * lose that: it knows neither large whole numbers nor `1.0`.
 */

const SPACE = /[\t\n\r ]*/y;
const TEXT = /"(?:[^"\\]|\\.)*"/y;
const OTHER = /[^\s,:{}[\]"]+/y;

/** `line` is one JSON object; `without` names a member of it that is left out. */
export function canonical(line: string, without: string): string {
  let at = 0;
  const skip = () => {
    SPACE.lastIndex = at;
    SPACE.exec(line);
    at = SPACE.lastIndex;
  };
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const found = pattern.exec(line)?.[0];
    if (found === undefined) throw new SyntaxError(`no JSON at ${at}`);
    at += found.length;
    return found;
  };
  const listed = (close: string, item: () => void) => {
    at += 1;
    for (skip(); line[at] !== close; skip()) {
      item();
      skip();
      if (line[at] === ",") at += 1;
      else if (line[at] !== close) throw new SyntaxError(`no JSON at ${at}`);
    }
    at += 1;
  };
  const value = (left: string | null): string => {
    skip();
    if (line[at] === "{") {
      const members: [name: string, spelled: string][] = [];
      listed("}", () => {
        const name = take(TEXT);
        skip();
        take(/:/y);
        members.push([name, value(null)]);
      });
      return `{${members
        .filter(([name]) => name !== left)
        .map(([name, spelled]) => ({ key: [...(JSON.parse(name) as string)], text: `${name}:${spelled}` }))
        .sort((a, b) => byCodePoint(a.key, b.key))
        .map(({ text }) => text)
        .join(",")}}`;
    }
    if (line[at] === "[") {
      const items: string[] = [];
      listed("]", () => items.push(value(null)));
      return `[${items.join(",")}]`;
    }
    return line[at] === '"' ? take(TEXT) : take(OTHER);
  };
  return value(JSON.stringify(without));
}

function byCodePoint(a: string[], b: string[]): number {
  for (let at = 0; at < Math.min(a.length, b.length); at += 1) {
    const difference = a[at]!.codePointAt(0)! - b[at]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
