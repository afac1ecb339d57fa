/** What was typed and not sent, per conversation; it outlives a reload and a new sign-in. */
const key = (slot: string) => `azimuth.draft.${slot}`;

export function readDraft(slot: string): string {
  return sessionStorage.getItem(key(slot)) ?? "";
}

export function keepDraft(slot: string, text: string): void {
  if (text === "") sessionStorage.removeItem(key(slot));
  else sessionStorage.setItem(key(slot), text);
}
