import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

/** The tokens of a theme, as `app.css` sets them. */
function tokens(selector: string): Map<string, string> {
  const css = readFileSync(new URL("./app.css", import.meta.url), "utf8");
  const start = css.indexOf(`${selector} {`);
  const block = css.slice(start, css.indexOf("}", start));
  return new Map([...block.matchAll(/--([a-z-]+):\s*(#[0-9a-f]{6})/g)].map((match) => [match[1]!, match[2]!]));
}

/** WCAG 2.2, relative luminance. */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

const GROUNDS = ["ground", "surface", "raised", "sunken"];
const TEXT: [string, string[]][] = [
  ["ink", [...GROUNDS, "lead-soft", "good-soft", "warn-soft", "bad-soft"]],
  ["ink-soft", [...GROUNDS, "lead-soft", "good-soft", "warn-soft", "bad-soft"]],
  ["ink-faint", [...GROUNDS, "lead-soft"]],
  ["lead", [...GROUNDS, "lead-soft"]],
  ["good", [...GROUNDS, "good-soft"]],
  ["warn", [...GROUNDS, "warn-soft"]],
  ["bad", [...GROUNDS, "bad-soft"]],
  ["on-lead", ["lead", "lead-hover"]],
];
const CONTROLS: [string, string[]][] = [
  ["line-strong", GROUNDS],
  ["focus", [...GROUNDS, "lead-soft"]],
];

describe.each([
  ["light", '[data-theme="light"]'],
  ["dark", '[data-theme="dark"]'],
])("the %s theme", (_, selector) => {
  const theme = tokens(selector);
  const pairs = (list: [string, string[]][]) => list.flatMap(([over, under]) => under.map((ground): [string, string] => [over, ground]));

  it.each(pairs(TEXT))("%s can be read on %s", (text, ground) => {
    expect(contrast(theme.get(text)!, theme.get(ground)!)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(pairs(CONTROLS))("%s can be seen on %s", (line, ground) => {
    expect(contrast(theme.get(line)!, theme.get(ground)!)).toBeGreaterThanOrEqual(3);
  });
});
