import { describe, expect, it } from "vitest";

import type { Message } from "@/api/types";

import { nextParent, ROOT, shownPath, treeOf } from "./tree";

let clock = 0;

const user = (turn: string, parent: string | null): Message => ({
  id: `${turn}-u`,
  turn_id: turn,
  author: "user",
  text: turn,
  at: `2026-11-24T00:00:${String((clock += 1)).padStart(2, "0")}.000Z`,
  parent_message_id: parent,
});
const assistant = (turn: string, step = 0): Message => ({
  id: `${turn}-s${step}`,
  turn_id: turn,
  author: "assistant",
  text: `answer of ${turn}`,
  at: `2026-11-24T00:00:${String((clock += 1)).padStart(2, "0")}.000Z`,
  parent_message_id: `${turn}-u`,
  step,
});
const turn = (id: string, parent: string | null) => [user(id, parent), assistant(id)];
const ids = (path: { turnId: string }[]) => path.map(({ turnId }) => turnId);

describe("the branches of a conversation", () => {
  it("show one line of turns as it is", () => {
    const tree = treeOf([...turn("a", null), ...turn("b", "a-s0"), ...turn("c", "b-s0")]);
    const path = shownPath(tree, {});
    expect(ids(path)).toEqual(["a", "b", "c"]);
    expect(path.every(({ siblings }) => siblings.length === 1)).toBe(true);
    expect(path[0]?.place).toBe(ROOT);
    expect(path[2]?.place).toBe("b");
  });

  it("show the newest leaf, not the newest alternative", () => {
    // b2 is the younger alternative, but the person went on below b1.
    const messages = [...turn("a", null), ...turn("b1", "a-s0"), ...turn("b2", "a-s0"), ...turn("c", "b1-s0")];
    expect(ids(shownPath(treeOf(messages), {}))).toEqual(["a", "b1", "c"]);
    expect(ids(shownPath(treeOf(messages), { a: "b2" }))).toEqual(["a", "b2"]);
    expect(shownPath(treeOf(messages), {})[1]?.siblings).toEqual(["b1", "b2"]);
  });

  it("branch at the first question too", () => {
    const messages = [...turn("a1", null), ...turn("b", "a1-s0"), ...turn("a2", null)];
    expect(ids(shownPath(treeOf(messages), {}))).toEqual(["a2"]);
    expect(ids(shownPath(treeOf(messages), { [ROOT]: "a1" }))).toEqual(["a1", "b"]);
  });

  it("forget a choice that is not there", () => {
    const messages = [...turn("a", null), ...turn("b", "a-s0")];
    expect(ids(shownPath(treeOf(messages), { a: "gone", [ROOT]: "gone" }))).toEqual(["a", "b"]);
  });

  it("begin where the loaded part begins", () => {
    const messages = [assistant("b"), ...turn("c", "b-s0"), ...turn("d1", "c-s0"), ...turn("d2", "c-s0")];
    const path = shownPath(treeOf(messages), {});
    expect(ids(path)).toEqual(["b", "c", "d2"]);
    expect(path[0]?.question).toBeNull();
    const later = shownPath(treeOf(messages.slice(1)), {});
    expect(ids(later)).toEqual(["c", "d2"]);
  });

  it("hang a question on one that was never answered", () => {
    const messages = [user("a", null), ...turn("b", "a-u")];
    expect(ids(shownPath(treeOf(messages), {}))).toEqual(["a", "b"]);
  });

  it("are empty without messages", () => {
    expect(shownPath(treeOf([]), {})).toEqual([]);
    expect(nextParent([], treeOf([]))).toBeUndefined();
  });
});

describe("the next question", () => {
  it("answers the last text of the shown branch", () => {
    const tree = treeOf([user("a", null), assistant("a", 0), assistant("a", 2), ...turn("b1", "a-s2"), ...turn("b2", "a-s2")]);
    expect(nextParent(shownPath(tree, { a: "b1" }), tree)).toBe("b1-s0");
    expect(nextParent(shownPath(tree, {}), tree)).toBe("b2-s0");
  });

  it("leaves the place to the API after a turn without a text", () => {
    const tree = treeOf([...turn("a", null), user("b", "a-s0")]);
    expect(nextParent(shownPath(tree, {}), tree)).toBeUndefined();
  });

  it("stands beside an older question that has no text to go on from", () => {
    const tree = treeOf([...turn("a", null), user("b1", "a-s0"), ...turn("b2", "a-s0")]);
    expect(nextParent(shownPath(tree, { a: "b1" }), tree)).toBe("b1-u");
  });
});
