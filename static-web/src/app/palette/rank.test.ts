import { expect, it } from "vitest";

import { rank } from "./rank";

const commands = ["Open settings", "Settings", "New chat", "새 대화"].map((label) => ({ label }));
const labels = (text: string) => rank(commands, text).map(({ label }) => label);

it("finds words in any order and puts beginnings first", () => {
  expect(labels("")).toEqual(["Open settings", "Settings", "New chat", "새 대화"]);
  expect(labels("set")).toEqual(["Settings", "Open settings"]);
  expect(labels("chat new")).toEqual(["New chat"]);
  expect(labels("대화")).toEqual(["새 대화"]);
  expect(labels("nothing of this")).toEqual([]);
});
