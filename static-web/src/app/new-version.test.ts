import { expect, it } from "vitest";

import { entryOf } from "./new-version";

it("finds the entry script of a built page", () => {
  const html = '<script src="/theme.js"></script><script type="module" crossorigin src="/assets/index-B2x9.js"></script>';
  expect(entryOf(html)).toBe("/assets/index-B2x9.js");
  expect(entryOf("<html></html>")).toBeNull();
});
