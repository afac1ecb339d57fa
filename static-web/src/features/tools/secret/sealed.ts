/** Secrets in what people and models wrote: the API keeps a placeholder in the place of each. */

export type Part = { text: string } | { secret: number };

const PLACEHOLDER = /\{secret:(\d{1,9})\}/g;

/** What the API shows of an argument that holds a secret. */
export const HIDDEN = "(secret)";

/** The text in parts: `{secret:1}` by its number, all else as it is. */
export function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const found of text.matchAll(PLACEHOLDER)) {
    if (found.index > end) parts.push({ text: text.slice(end, found.index) });
    parts.push({ secret: Number(found[1]) });
    end = found.index + found[0].length;
  }
  if (end < text.length || parts.length === 0) parts.push({ text: text.slice(end) });
  return parts;
}

/** Whether something in it is sealed: the same text sent again would name a secret that is gone. */
export function holdsSealed(text: string): boolean {
  return partsOf(text).some((part) => "secret" in part);
}

/** The text with `word` in the place of each secret. */
export function withSealed(text: string, word: string): string {
  return text.replaceAll(PLACEHOLDER, word);
}

/** A title, which has no room to say what stood there. */
export const withoutSealed = (title: string) => withSealed(title, "•••");
