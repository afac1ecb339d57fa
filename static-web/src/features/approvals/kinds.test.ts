import { expect, it } from "vitest";

import type { Approval } from "@/api/types";

import { choices, filtered, kindOf, KINDS, NO_FILTERS } from "./kinds";

const approval = (tool: string, oid: string, name: string | null) => ({ server: "azure", tool, asker: { oid, name } }) as Approval;
const items = [approval("vm_delete", "c1", "Alice"), approval("vm_delete", "c2", null), approval("account_create", "c1", "Alice")];

it("puts every state in one list", () => {
  const states: Approval["state"][] = ["pending", "approved", "denied", "expired", "cancelled", "superseded"];
  expect(states.map(kindOf)).toEqual(["pending", "decided", "decided", "lapsed", "lapsed", "lapsed"]);
  expect(new Set(states.map(kindOf))).toEqual(new Set(KINDS));
});

it("filters by tool and by asker", () => {
  expect(filtered(items, NO_FILTERS)).toHaveLength(3);
  expect(filtered(items, { tool: "azure.vm_delete", asker: "" })).toHaveLength(2);
  expect(filtered(items, { tool: "azure.vm_delete", asker: "c2" })).toEqual([items[1]]);
  expect(filtered(items, { tool: "azure.vm", asker: "" })).toEqual([]);
});

it("offers what is there, once", () => {
  expect(choices(items)).toEqual({
    tools: ["azure.account_create", "azure.vm_delete"],
    askers: [
      { oid: "c1", name: "Alice" },
      { oid: "c2", name: "c2" },
    ].sort((a, b) => a.name.localeCompare(b.name)),
  });
});
