import { expect, it } from "vitest";

import type { Approval } from "@/api/types";

import { filtered, kindOf, KINDS } from "./kinds";

const approval = (tool: string, name: string | null, target: string | null, args: object = {}) =>
  ({ server: "azure", tool, asker: { oid: "c1", name }, target, arguments: args }) as Approval;
const items = [
  approval("vm_delete", "Alice Kim", "b2/rg-dev/vm-dev-2"),
  approval("vm_delete", "김철수", null, { "vm-name": "vm-prod-1" }),
  approval("account_create", null, "b2/rg-dev/stdemo1"),
];

it("puts every state in one list", () => {
  const states: Approval["state"][] = ["pending", "approved", "denied", "expired", "cancelled", "superseded"];
  expect(states.map(kindOf)).toEqual(["pending", "decided", "decided", "lapsed", "lapsed", "lapsed"]);
  expect(new Set(states.map(kindOf))).toEqual(new Set(KINDS));
});

it.each([
  ["", [0, 1, 2]],
  ["  ", [0, 1, 2]],
  ["VM_delete", [0, 1]],
  ["azure.vm_delete alice", [0]],
  ["철수", [1]],
  ["vm-prod", [1]],
  ["rg-dev", [0, 2]],
  ["rg-dev vm-prod", []],
])("finds %j by tool, resource and asker", (words, found) => {
  expect(filtered(items, words)).toEqual(found.map((index) => items[index]));
});
