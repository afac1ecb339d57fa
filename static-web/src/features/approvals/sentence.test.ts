import { describe, expect, it } from "vitest";

import { resourceName, sentenceOf } from "./sentence";

const group = { "resource-group": "rg-dev", subscription: "00000000-0000-4000-8000-0000000000b2" };

describe("sentenceOf", () => {
  it.each([
    ["storage_account_create", { account: "stdemo1", ...group }, { verb: "create", noun: "storage_account", name: "stdemo1", resourceGroup: "rg-dev" }],
    ["compute_vm_delete", { "vm-name": "vm-dev-2", ...group }, { verb: "delete", noun: "vm", name: "vm-dev-2", resourceGroup: "rg-dev" }],
    [
      "compute_vm_power-state",
      { "power-action": "stop", "vm-name": "vm-dev-1", ...group },
      { verb: "stop", noun: "vm", name: "vm-dev-1", resourceGroup: "rg-dev" },
    ],
    ["compute_vm_power-state", { "power-action": "explode" }, { verb: null, noun: "vm", name: null, resourceGroup: null }],
    ["note_write", { note: "n1" }, { verb: "write", noun: null, words: "note", name: "n1", resourceGroup: null }],
    ["keyvault_secret_get", { vault: "kv-dev", secret: "db" }, { verb: "reveal", noun: "secret", name: "db", resourceGroup: null }],
    ["keyvault_key_get", { vault: "kv-dev", key: "k1" }, { verb: "get", noun: "key", name: "k1", resourceGroup: null }],
    ["do-things", {}, { verb: null, noun: null, words: "do things", name: null, resourceGroup: null }],
  ])("%s %j", (tool, args, expected) => {
    expect(sentenceOf({ tool, arguments: args as Record<string, unknown> })).toMatchObject(expected);
  });

  it("names the secret that would be revealed, not its vault", () => {
    expect(sentenceOf({ tool: "keyvault_secret_get", arguments: { vault: "kv-dev", secret: "db" }, target: "kv-dev" }).name).toBe("db");
  });

  it("trusts the target more than an argument's name", () => {
    expect(resourceName({ tool: "compute_vm_delete", arguments: { "vm-name": "a" }, target: "sub/rg/b" })).toBe("b");
    expect(resourceName({ tool: "compute_vm_delete", arguments: { "vm-name": "a" }, target: null })).toBe("a");
  });
});
