import { expect, it } from "vitest";

import { schemaLines } from "./schema-lines";

const text = (before: unknown, after: unknown) => schemaLines(before, after).map((line) => ("lines" in line ? `…${line.lines}` : line.sign + line.text.trim()));

it("shows what comes and what goes, with little around it", () => {
  const before = { properties: { name: { type: "string" } }, required: ["name"], type: "object" };
  const after = { ...before, properties: { name: { type: "string" }, recurse: { type: "boolean" } } };
  expect(text(before, after)).toEqual([' {', ' "properties": {', ' "name": {', ' "type": "string"', "+},", '+"recurse": {', '+"type": "boolean"', " }", " },", ' "required": [', "…4"]);
});

it("takes another order of members for no difference", () => {
  expect(text({ a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 })).toEqual(["…7"]);
});
