import { describe, expect, it } from "vitest";

import type { Conversation } from "@/api/types";

import { grouped, groupOf, ungrouped } from "./groups";

const now = new Date(2026, 10, 24, 0, 30);
const at = (...parts: [number, number, number, number, number]) => new Date(...parts).toISOString();
const conversation = (id: string, updated_at: string, pinned = false): Conversation => ({
  id,
  title: id,
  pinned,
  archived: false,
  created_at: updated_at,
  updated_at,
});

describe("the age of a conversation", () => {
  it("goes by the reader's calendar days, not by hours", () => {
    expect(groupOf(at(2026, 10, 24, 0, 0), now)).toBe("today");
    expect(groupOf(at(2026, 10, 23, 23, 59), now)).toBe("yesterday");
    expect(groupOf(at(2026, 10, 23, 0, 0), now)).toBe("yesterday");
    expect(groupOf(at(2026, 10, 22, 23, 59), now)).toBe("week");
    expect(groupOf(at(2026, 10, 17, 0, 0), now)).toBe("week");
    expect(groupOf(at(2026, 10, 16, 23, 59), now)).toBe("older");
  });

  it("of a clock that runs ahead is today", () => {
    expect(groupOf(at(2026, 10, 25, 9, 0), now)).toBe("today");
  });
});

describe("the list", () => {
  it("puts the pinned first and leaves empty groups out", () => {
    const rows = grouped(
      [
        conversation("old and pinned", at(2026, 1, 1, 9, 0), true),
        conversation("a", at(2026, 10, 24, 0, 10)),
        conversation("b", at(2026, 5, 1, 9, 0)),
      ],
      now,
    );
    expect(rows.map((row) => (row.kind === "heading" ? row.group : `${row.position} ${row.conversation.id}`))).toEqual([
      "pinned",
      "1 old and pinned",
      "today",
      "2 a",
      "older",
      "3 b",
    ]);
  });

  it("of a search keeps the server's order and has no headings", () => {
    const rows = ungrouped([conversation("b", at(2026, 5, 1, 9, 0)), conversation("a", at(2026, 10, 24, 0, 10))]);
    expect(rows.map((row) => row.kind === "conversation" && row.conversation.id)).toEqual(["b", "a"]);
  });
});
