import { describe, expect, it } from "vitest";

import { lastSegment, resourceCount, subjectOf } from "./subject";

describe("subjectOf", () => {
  it.each([
    [
      "storage_account_create",
      { account: "stdemo1", "resource-group": "rg-dev", location: "koreacentral", subscription: "b2" },
      { noun: "storage account", verb: "create", name: "stdemo1", resourceGroup: "rg-dev", subscription: "b2" },
    ],
    [
      "compute_vm_power-state",
      { "power-action": "stop", "vm-name": "vm-dev-1", "resource-group": "rg-dev" },
      { noun: "compute vm", verb: "power-state", name: "vm-dev-1", resourceGroup: "rg-dev", subscription: null },
    ],
    ["keyvault_secret_get", { vault: "kv-dev" }, { noun: "keyvault secret", verb: "get", name: null, resourceGroup: null, subscription: null }],
    ["echo", { message: "x" }, { noun: "echo", verb: "", name: null, resourceGroup: null, subscription: null }],
    ["notes_add", { "file-name": "a" }, { noun: "notes", verb: "add", name: "a", resourceGroup: null, subscription: null }],
    ["group_list", { group: 5 }, { noun: "group", verb: "list", name: null, resourceGroup: null, subscription: null }],
  ])("%s", (tool, args, subject) => {
    expect(subjectOf(tool, args)).toEqual(subject);
  });
});

it("takes a resource's own name from a target", () => {
  expect(lastSegment("00000000-0000-4000-8000-0000000000b2/rg-dev/vm-dev-2")).toBe("vm-dev-2");
  expect(lastSegment("kv-dev")).toBe("kv-dev");
  expect(lastSegment("/")).toBe("/");
});

it("counts what a call names", () => {
  expect(resourceCount({})).toBe(1);
  expect(resourceCount({ account: "a" })).toBe(1);
  expect(resourceCount({ names: ["a", "b", "c"], x: [] })).toBe(3);
});
