/** Waiting for a condition, with a deadline. */

const LOOK_EVERY_MS = 25;

/**
 * Asks until the answer is neither `undefined`, `null` nor `false`, and gives it.
 *
 * @template T
 * @param {string} what for the error
 * @param {() => T | Promise<T>} look
 * @param {number} [ms]
 * @returns {Promise<NonNullable<T>>}
 */
export async function until(what, look, ms = 15_000) {
  const deadline = performance.now() + ms;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== null && found !== false) return /** @type {NonNullable<T>} */ (found);
    if (performance.now() > deadline) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
  }
}
