import { expect, it, vi } from "vitest";

import { safeReturn } from "./session";

vi.stubGlobal("location", { origin: "https://portal.example" });

it("returns to a page of this site only", () => {
  expect(safeReturn("/settings?x=1#defaults")).toBe("/settings?x=1#defaults");
  expect(safeReturn("/c/abc")).toBe("/c/abc");
  for (const elsewhere of ["https://evil.example/", "//evil.example/c", "/\\evil.example", "javascript:alert(1)", "c", "", null, 7]) {
    expect(safeReturn(elsewhere), String(elsewhere)).toBe("/c");
  }
});
