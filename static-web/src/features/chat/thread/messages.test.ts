import { describe, expect, it } from "vitest";

import type { Message } from "@/api/types";

import { mergeMessages, PROVISIONAL } from "./messages";

const message = (n: number, extra: Partial<Message> = {}): Message => ({
  id: `m${n}`,
  turn_id: `t${n}`,
  author: "user",
  text: String(n),
  at: `2026-11-24T00:00:${String(n).padStart(2, "0")}.000Z`,
  parent_message_id: null,
  ...extra,
});
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => message(from + index));
const ids = (items: Message[]) => items.map(({ id }) => id);

describe("mergeMessages", () => {
  it("takes the first page as it is, oldest first", () => {
    const { loaded, contiguous } = mergeMessages(undefined, range(3, 5).toReversed(), "older");
    expect(ids(loaded.items)).toEqual(["m3", "m4", "m5"]);
    expect(loaded.olderCursor).toBe("older");
    expect(contiguous).toBe(true);
  });

  it("adds what is new and keeps where the older part begins", () => {
    const known = { items: range(1, 5), olderCursor: "older" };
    const { loaded, contiguous } = mergeMessages(known, range(4, 7).toReversed(), "other");
    expect(ids(loaded.items)).toEqual(["m1", "m2", "m3", "m4", "m5", "m6", "m7"]);
    expect(loaded.olderCursor).toBe("older");
    expect(contiguous).toBe(true);
  });

  it("says when there is a hole between the two", () => {
    const known = { items: range(1, 2), olderCursor: null };
    expect(mergeMessages(known, range(5, 6).toReversed(), "more").contiguous).toBe(false);
    expect(mergeMessages(known, range(5, 6).toReversed(), null).contiguous).toBe(true);
  });

  it("puts the API's question in the place of the provisional one", () => {
    const known = { items: [message(1), message(2, { id: `${PROVISIONAL}t2` })], olderCursor: null };
    expect(ids(mergeMessages(known, [message(2), message(1)], null).loaded.items)).toEqual(["m1", "m2"]);
    const only = { items: [message(2, { id: `${PROVISIONAL}t2` })], olderCursor: null };
    expect(ids(mergeMessages(only, [message(2)], null).loaded.items)).toEqual(["m2"]);
  });

  it("orders what a turn said by its steps", () => {
    const at = message(1).at;
    const said = [message(1, { id: "s1", author: "assistant", step: 1, at }), message(1, { id: "s0", author: "assistant", step: 0, at }), message(1)];
    expect(ids(mergeMessages({ items: [message(1)], olderCursor: null }, said, null).loaded.items)).toEqual(["m1", "s0", "s1"]);
  });
});
