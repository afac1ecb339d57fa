/** How long a decision is still possible. */
export interface Remaining {
  ms: number;
  isOver: boolean;
  /** Soon it will be over. */
  isUrgent: boolean;
}

const URGENT_MS = 5 * 60_000;

/** At the deadline itself it is over, as it is for the API. */
export function remaining(expiresAt: string, now: number): Remaining {
  const ms = Math.max(0, Date.parse(expiresAt) - now);
  return { ms, isOver: !(ms > 0), isUrgent: ms > 0 && ms <= URGENT_MS };
}
