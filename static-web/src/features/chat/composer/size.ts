/** The API takes a question of at most so many bytes of UTF-8. */
export const MAX_BYTES = 32_768;

/** From here on the composer says how much is left. */
export const NEAR_BYTES = 28_000;

const encoder = new TextEncoder();

export function byteLength(text: string): number {
  // No character takes more than three bytes per UTF-16 unit.
  return text.length * 3 < NEAR_BYTES ? text.length : encoder.encode(text).length;
}
