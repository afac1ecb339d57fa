import { expect, it } from "vitest";

import { remaining } from "./deadline";

const at = "2026-11-24T18:00:00.000Z";
const deadline = Date.parse(at);

it("is over from the deadline on", () => {
  for (const [before, isOver] of [[1, false], [0, true], [-1, true]] as const) {
    expect(remaining(at, deadline - before).isOver).toBe(isOver);
  }
  expect(remaining(at, deadline + 5_000).ms).toBe(0);
});

it("is urgent in its last five minutes", () => {
  for (const [before, isUrgent] of [[300_001, false], [300_000, true], [1, true], [0, false]] as const) {
    expect(remaining(at, deadline - before).isUrgent).toBe(isUrgent);
  }
});

it("never offers a decision without a readable deadline", () => {
  expect(remaining("soon", 0).isOver).toBe(true);
});
