/** What this tab keeps of a person beside the token: drafts, chosen branches. */
const PREFIX = "azimuth.";
const PERSON = "azimuth.person";

/** Whoever signs in after somebody else in the same tab finds nothing of theirs. */
export function claimBelongings(person: string): void {
  if (sessionStorage.getItem(PERSON) === person) return;
  dropBelongings();
  sessionStorage.setItem(PERSON, person);
}

export function dropBelongings(): void {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
  }
}
