import { expect, it } from "vitest";

import { fileName } from "./export";

it("gives a name that every file system takes", () => {
  expect(fileName("prod VM 점검", "markdown")).toBe("prod VM 점검.md");
  expect(fileName('a/b\\c:*?"<>|d\n', "json")).toBe("a b c d.json");
  expect(fileName("..", "json")).toBe("conversation.json");
  expect(fileName("", "markdown")).toBe("conversation.md");
  expect(fileName("가".repeat(120), "json")).toBe(`${"가".repeat(60)}.json`);
});
