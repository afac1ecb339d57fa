/** Random numbers that a seed repeats (mulberry32). */

/** `AZIMUTH_SEED` repeats a run. */
export function seedOfRun() {
  const given = Number(process.env["AZIMUTH_SEED"]);
  return Number.isInteger(given) && given > 0 ? given : Math.floor(Math.random() * 2 ** 31) + 1;
}

/**
 * @param {number} seed
 * @returns {(below: number) => number} whole numbers from 0 on
 */
export function random(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}
