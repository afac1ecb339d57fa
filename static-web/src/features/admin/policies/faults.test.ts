import { describe, expect, it } from "vitest";

import { faultsOf, offsetOf } from "./faults";

describe("faults of a text of policies", () => {
  it("are read from what the API says", () => {
    expect(faultsOf("Nothing was stored. Line 3, column 5: unexpected token `;`. Line 10, column 1: no such role e.g. x.y. And 2 more.")).toEqual([
      { line: 3, column: 5, message: "unexpected token `;`" },
      { line: 10, column: 1, message: "no such role e.g. x.y" },
    ]);
    expect(faultsOf("Nothing was stored. Line 1, column 1: empty.")).toEqual([{ line: 1, column: 1, message: "empty" }]);
    expect(faultsOf("Say in 1 to 500 characters why the policies change.")).toEqual([]);
  });

  it("are found in the text", () => {
    const text = "ab\ncdé\n\nf";
    expect([1, 2, 3, 4].map((line) => offsetOf(text, line, 1))).toEqual([0, 3, 7, 8]);
    expect(offsetOf(text, 2, 3)).toBe(5);
    expect(offsetOf(text, 2, 99)).toBe(6);
    expect(offsetOf(text, 99, 1)).toBe(9);
  });
});
