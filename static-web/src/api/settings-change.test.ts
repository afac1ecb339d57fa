import { expect, it } from "vitest";

import { isOverwrite } from "./settings-change";
import type { Settings } from "./types";

const NOTHING: Settings = { theme: null, language: null, always_allowed_tools: [] };

const allowing = (...tools: string[]): Settings => ({ ...NOTHING, always_allowed_tools: tools.map((tool) => ({ server: "azure", tool, at: "2026-11-27T10:00:00Z", changed: false })) });

it("only the same setting, changed to something else, stands in the way", () => {
  const seen: Settings = { ...NOTHING, theme: "light" };
  expect(isOverwrite(seen, { ...seen, language: "ko" }, { theme: "dark" })).toBe(false);
  expect(isOverwrite(seen, { ...seen, theme: "dark" }, { theme: null })).toBe(true);
  expect(isOverwrite(seen, { ...seen, theme: "dark" }, { theme: "dark" })).toBe(false);
  expect(isOverwrite(seen, seen, { theme: "dark", language: "ko" })).toBe(false);
});

it("tools are compared by name, not by where their list came from", () => {
  const patch = { always_allowed_tools: [{ server: "azure", tool: "b" }] };
  expect(isOverwrite(allowing("a"), allowing("a"), patch)).toBe(false);
  expect(isOverwrite(allowing("a"), allowing("b"), patch)).toBe(false);
  expect(isOverwrite(allowing("a", "b"), allowing("b", "a"), patch)).toBe(false);
  expect(isOverwrite(allowing("a"), allowing("a", "c"), patch)).toBe(true);
  expect(isOverwrite(allowing("a"), allowing(), patch)).toBe(true);
});
