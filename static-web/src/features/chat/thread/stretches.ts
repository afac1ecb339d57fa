/** Turns in stretches, so that what is far from the screen costs one node for many. */

const LENGTH = 12;

/** Turns that stand and go together. */
export interface Stretch<Turn> {
  /** The same for as long as `anchor` is the same, however many turns come above and below. */
  number: number;
  turns: readonly Turn[];
}

/** `turns` in stretches that are counted from the turn at index `anchor`, in both directions. */
export function stretches<Turn>(turns: readonly Turn[], anchor: number): Stretch<Turn>[] {
  const found: { number: number; turns: Turn[] }[] = [];
  turns.forEach((turn, index) => {
    const number = Math.floor((index - anchor) / LENGTH);
    const last = found.at(-1);
    if (last?.number === number) last.turns.push(turn);
    else found.push({ number, turns: [turn] });
  });
  return found;
}
