import { expect, it } from "vitest";

import { isOverwrite } from "./settings-change";

it("only the same setting, changed to something else, stands in the way", () => {
  const seen = { theme: "light", language: null };
  expect(isOverwrite(seen, { theme: "light", language: "ko" }, { theme: "dark" })).toBe(false);
  expect(isOverwrite(seen, { theme: "dark", language: null }, { theme: null })).toBe(true);
  expect(isOverwrite(seen, { theme: "dark" }, { theme: "dark" })).toBe(false);
  expect(isOverwrite(seen, { theme: "light" }, { theme: "dark", language: "ko" })).toBe(false);
});
