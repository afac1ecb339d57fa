import { expect, it } from "vitest";

import type { Row } from "./groups";
import { neighbour } from "./list-keys";

const heading = (group: "today" | "older"): Row => ({ kind: "heading", group });
const row = { kind: "conversation" } as Row;

it("goes over headings and ends at the ends", () => {
  const rows = [heading("today"), row, row, heading("older"), row];
  expect(neighbour(rows, -1, 1)).toBe(1);
  expect(neighbour(rows, 2, 1)).toBe(4);
  expect(neighbour(rows, 4, -1)).toBe(2);
  expect(neighbour(rows, 4, 1)).toBe(-1);
  expect(neighbour(rows, 1, -1)).toBe(-1);
  expect(neighbour(rows, rows.length, -1)).toBe(4);
  expect(neighbour([], -1, 1)).toBe(-1);
});
