import { describe, expect, it } from "vitest";

import { draftOf, EMPTY, faultsOf, fieldOf, toSet } from "./draft";
import { pasted } from "./pasted";

const ENTRY = { command: "/usr/bin/npx", args: ["-y", "@scope/server"], env: { LOG: "debug" } };
const DRAFT = { ...EMPTY, name: "notes", command: "/usr/bin/npx", args: "-y\n@scope/server", env: "LOG=debug" };

describe("what is pasted", () => {
  it.each([
    ["Claude Desktop", { mcpServers: { notes: ENTRY } }],
    ["VS Code's mcp.json", { servers: { notes: { type: "stdio", ...ENTRY } } }],
    ["VS Code's settings", { mcp: { servers: { notes: ENTRY } } }],
    ["the servers alone", { notes: ENTRY }],
  ])("is read as %s writes it", (_, value) => {
    expect(pasted(JSON.stringify(value))).toEqual({ drafts: [DRAFT] });
  });

  it("may be one member, copied out of its file", () => {
    expect(pasted(`"notes": ${JSON.stringify(ENTRY)},`)).toEqual({ drafts: [DRAFT] });
    expect(pasted(JSON.stringify(ENTRY))).toEqual({ drafts: [{ ...DRAFT, name: "" }] });
  });

  it("gets a name that is one here", () => {
    expect(pasted(JSON.stringify({ mcpServers: { "My Notes (beta)": ENTRY } }))).toEqual({ drafts: [{ ...DRAFT, name: "my-notes-beta" }] });
  });

  it("may hold several, of which those by URL are left out", () => {
    const value = { mcpServers: { a: ENTRY, b: ENTRY, c: { url: "https://mcp.example/" } } };
    expect(pasted(JSON.stringify(value))).toEqual({ drafts: [{ ...DRAFT, name: "a" }, { ...DRAFT, name: "b" }] });
  });

  it.each([
    ["not_json", "npx -y server"],
    ["no_servers", "{}"],
    ["no_servers", "[1]"],
    ["by_url", '{"mcpServers":{"a":{"url":"https://mcp.example/"}}}'],
  ])("is %s", (fault, text) => {
    expect(pasted(text)).toEqual({ fault });
  });
});

it("sends a line as an item, and a value as it was written", () => {
  expect(toSet({ ...DRAFT, env: "LOG=a=b \n\n  X=", hosts: "api.example\n\n*.example " }, " why ")).toEqual({
    command: "/usr/bin/npx",
    args: ["-y", "@scope/server"],
    env: { LOG: "a=b ", X: "" },
    hosts: ["api.example", "*.example"],
    reason: "why",
  });
});

it("names each fault at its field", () => {
  expect(faultsOf(EMPTY, "")).toEqual({ name: "name_missing", command: "command_missing", reason: "reason_missing" });
  expect(faultsOf({ ...DRAFT, name: "No", env: "novalue" }, "why")).toEqual({ name: "name_form", env: "env_form" });
  expect(faultsOf(DRAFT, "why")).toEqual({});
  expect(fieldOf("/env/LOG")).toBe("env");
  expect(fieldOf("/hosts/0")).toBe("hosts");
  expect(fieldOf("/url")).toBeNull();
});

it("asks again for what variables hold", () => {
  const server = { name: "notes", command: "/usr/bin/npx", args: ["-y"], env: ["LOG"], headers: [], hosts: [], at: "", by: "", reason: "" };
  expect(draftOf(server).env).toBe("LOG=");
});
