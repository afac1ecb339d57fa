import { expect, it } from "vitest";

import type { Tool } from "@/api/types";

import { fitting, slashOf } from "./slash";

it.each([
  ["/", ""],
  ["/storage_acc", "storage_acc"],
  ["/storage ", null],
  ["a /storage", null],
  ["/storage\n", null],
  ["", null],
])("reads %j as %j", (text, typed) => {
  expect(slashOf(text)).toBe(typed);
});

it("puts first what begins as it is typed", () => {
  const tools = ["group_list", "vm_list", "list_all", "x"].map((tool) => ({ tool }) as Tool);
  expect(fitting(tools, "list").map(({ tool }) => tool)).toEqual(["list_all", "group_list", "vm_list", "x"]);
});

it("offers a few", () => {
  expect(fitting(Array.from({ length: 50 }, (_, index) => ({ tool: `t${index}` }) as Tool), "")).toHaveLength(5);
});
