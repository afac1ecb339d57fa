import { expect, it } from "vitest";

import { decode, sizeOf } from "./whole-result";

it("reads the size of the whole from a part", () => {
  expect(sizeOf("bytes 0-9/10")).toBe(10);
  expect(sizeOf("bytes */0")).toBe(0);
  expect(sizeOf("bytes 0-9/*")).toBeNull();
  expect(sizeOf(null)).toBeNull();
});

it("puts a character together that lies across two parts", () => {
  const bytes = new TextEncoder().encode("가😀");
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    expect(decode([bytes.slice(0, cut), bytes.slice(cut)], bytes.length)).toBe("가😀");
  }
});
