/** The list in groups: what is pinned, then by age in the reader's own days. */
import type { Conversation } from "@/api/types";

export type GroupName = "pinned" | "today" | "yesterday" | "week" | "older";

export type Row = { kind: "heading"; group: GroupName } | { kind: "conversation"; conversation: Conversation; position: number };

/** `now` and `updatedAt` are read in the time zone of this machine, where the day changes. */
export function groupOf(updatedAt: string, now: Date): GroupName {
  const startOfToday = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  const daysAgo = (days: number) => {
    // By calendar: a day with a clock change has 23 or 25 hours.
    const start = new Date(startOfToday);
    start.setDate(start.getDate() - days);
    return start;
  };
  const at = new Date(updatedAt);
  if (at >= startOfToday) return "today";
  if (at >= daysAgo(1)) return "yesterday";
  if (at >= daysAgo(7)) return "week";
  return "older";
}

const ORDER: readonly GroupName[] = ["pinned", "today", "yesterday", "week", "older"];

/** Headings and conversations in the order of the screen; groups without any are left out. */
export function grouped(conversations: readonly Conversation[], now: Date): Row[] {
  const groups = new Map<GroupName, Conversation[]>(ORDER.map((group) => [group, []]));
  for (const conversation of conversations) {
    groups.get(conversation.pinned ? "pinned" : groupOf(conversation.updated_at, now))?.push(conversation);
  }
  const rows: Row[] = [];
  let position = 0;
  for (const [group, members] of groups) {
    if (members.length === 0) continue;
    rows.push({ kind: "heading", group });
    for (const conversation of members) {
      position += 1;
      rows.push({ kind: "conversation", conversation, position });
    }
  }
  return rows;
}

/** Without headings: what a search found, in the server's order. */
export function ungrouped(conversations: readonly Conversation[]): Row[] {
  return conversations.map((conversation, index) => ({ kind: "conversation", conversation, position: index + 1 }));
}
