/**
 * Rounds of an approval, as far as this tab has seen them. The digest of an approval changes
 * only when what the call would do has changed after somebody had agreed to it.
 */
export class Rounds {
  private readonly known = new Map<string, { digest: string; again: boolean }>();

  /** Takes note of the digest; whether another one was seen before it. */
  isAskedAnew(id: string, digest: string): boolean {
    const before = this.known.get(id);
    if (before?.digest === digest) return before.again;
    const now = { digest, again: before !== undefined };
    this.known.set(id, now);
    return now.again;
  }
}

export const rounds = new Rounds();
