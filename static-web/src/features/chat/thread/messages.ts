import type { Message } from "@/api/types";

/** The loaded end of a conversation, oldest first. */
export interface LoadedMessages {
  items: Message[];
  /** Where what is older begins; `null` when all is loaded. */
  olderCursor: string | null;
}

/** Marks a question whose own id is not known yet; the API's message takes its place. */
export const PROVISIONAL = "provisional:";

/**
 * Joins a page (newest first) to what is known. Not `contiguous`: there is a hole between the
 * two, and the next page must be read.
 */
export function mergeMessages(
  known: LoadedMessages | undefined,
  page: readonly Message[],
  nextCursor: string | null,
): { loaded: LoadedMessages; contiguous: boolean } {
  const fresh = page.toReversed();
  if (known === undefined || known.items.every(isProvisional)) {
    return { loaded: { items: fresh, olderCursor: nextCursor }, contiguous: true };
  }
  const inPage = new Set(fresh.map((message) => message.id));
  const overlaps = known.items.some((message) => inPage.has(message.id));
  const rest = known.items.filter((message) => !inPage.has(message.id) && !isProvisional(message));
  const items = [...rest, ...fresh].sort(byTime);
  return { loaded: { items, olderCursor: known.olderCursor }, contiguous: overlaps || nextCursor === null };
}

function isProvisional(message: Message): boolean {
  return message.id.startsWith(PROVISIONAL);
}

/** The question of a turn stands before what it brought, also when both have one time. */
function byTime(a: Message, b: Message): number {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1;
  if (a.turn_id !== b.turn_id) return a.turn_id < b.turn_id ? -1 : 1;
  return (a.step ?? -1) - (b.step ?? -1);
}
