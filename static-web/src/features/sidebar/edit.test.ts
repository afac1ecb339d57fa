import { describe, expect, it } from "vitest";

import type { Conversation } from "@/api/types";

import { isOverwrite } from "./edit";
import { flatten, mapPages, type ConversationPages } from "./queries";

const conversation = (id: string, title = id): Conversation => ({
  id,
  title,
  pinned: false,
  archived: false,
  created_at: "2026-11-24T09:00:00.000Z",
  updated_at: "2026-11-24T09:00:00.000Z",
});

describe("a rename", () => {
  const seen = conversation("c", "before");
  it("goes on when only the version moved", () => {
    expect(isOverwrite(seen, { ...seen, updated_at: "2026-11-24T10:00:00.000Z" }, { title: "mine" })).toBe(false);
  });
  it("does not undo another one unseen", () => {
    expect(isOverwrite(seen, { ...seen, title: "theirs" }, { title: "mine" })).toBe(true);
    expect(isOverwrite(seen, { ...seen, title: "mine" }, { title: "mine" })).toBe(false);
  });
});

describe("pages", () => {
  const data: ConversationPages = {
    pages: [{ items: [conversation("a"), conversation("b")], next_cursor: "1" }, { items: [conversation("b"), conversation("c")] }],
    pageParams: [null, "1"],
  };
  it("show a conversation once that moved between two of them", () => {
    expect(flatten(data).map(({ id }) => id)).toEqual(["a", "b", "c"]);
    expect(flatten(undefined)).toEqual([]);
  });
  it("change without losing the cursor", () => {
    const changed = mapPages(data, (items) => items.filter(({ id }) => id !== "b"));
    expect(flatten(changed).map(({ id }) => id)).toEqual(["a", "c"]);
    expect(changed.pages[0]?.next_cursor).toBe("1");
  });
});
