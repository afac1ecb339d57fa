import { describe, expect, it } from "vitest";

import { draftOf, EMPTY, faultsOf, fieldOf, toSet } from "./draft";
import { pasted } from "./pasted";

const ENTRY = { command: "/usr/bin/npx", args: ["-y", "@scope/server"], env: { LOG: "debug" } };
const DRAFT = { ...EMPTY, name: "notes", command: "/usr/bin/npx", args: "-y\n@scope/server", env: "LOG=debug" };
const TOKEN = { token_url: " https://login.example/token ", client_id: "azimuth", client_secret: "@keyvault:a--b", scope: "" };
const BY_URL = { ...EMPTY, way: "url" as const, name: "far", url: "https://mcp.example/mcp" };

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

  it("may be a URL with headers", () => {
    const value = { servers: { far: { type: "http", url: "https://mcp.example/mcp", headers: { "X-Area": "north", Accept: "a:b" } } } };
    expect(pasted(JSON.stringify(value))).toEqual({ drafts: [{ ...BY_URL, headers: "X-Area: north\nAccept: a:b" }] });
  });

  it("may be a URL for which a token is got", () => {
    const oauth = { ...TOKEN, scope: "read", more: 1 };
    const drafts = [{ ...BY_URL, ...TOKEN, scope: "read" }];
    expect(pasted(JSON.stringify({ mcpServers: { far: { url: "https://mcp.example/mcp", oauth } } }))).toEqual({ drafts });
  });

  it("may hold several, of which those of another transport are left out", () => {
    const value = { mcpServers: { a: ENTRY, far: { url: "https://mcp.example/mcp" }, c: { type: "sse", url: "https://mcp.example/sse" } } };
    expect(pasted(JSON.stringify(value))).toEqual({ drafts: [{ ...DRAFT, name: "a" }, BY_URL] });
  });

  it.each([
    ["not_json", "npx -y server"],
    ["no_servers", "{}"],
    ["no_servers", "[1]"],
    ["by_sse", '{"mcpServers":{"a":{"type":"sse","url":"https://mcp.example/"}}}'],
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

it("sends of a URL nothing that belongs to a program", () => {
  const draft = { ...DRAFT, ...BY_URL, headers: "X-Area:  north \n\nAuthorization: @keyvault:a--b" };
  expect(toSet(draft, "why")).toEqual({ url: "https://mcp.example/mcp", headers: { "X-Area": "north", Authorization: "@keyvault:a--b" }, reason: "why" });
});

it("sends who gives a token where anything is said about it", () => {
  expect(toSet({ ...BY_URL, ...TOKEN }, "why")).toEqual({
    url: "https://mcp.example/mcp",
    headers: {},
    oauth: { token_url: "https://login.example/token", client_id: "azimuth", client_secret: "@keyvault:a--b" },
    reason: "why",
  });
  expect(toSet({ ...BY_URL, ...TOKEN, scope: " read " }, "why").oauth).toMatchObject({ scope: "read" });
  expect(toSet({ ...DRAFT, ...TOKEN }, "why").oauth).toBeUndefined();
  expect(faultsOf({ ...BY_URL, ...TOKEN }, "why")).toEqual({});
  expect(faultsOf({ ...BY_URL, scope: "read" }, "why")).toEqual({ token_url: "token_url_missing", client_id: "client_id_missing", client_secret: "client_secret_form" });
  expect(faultsOf({ ...BY_URL, ...TOKEN, token_url: "http://login.example/", client_secret: "hunter2" }, "why")).toEqual({ token_url: "url_form", client_secret: "client_secret_form" });
  expect([fieldOf("/oauth/scope"), fieldOf("/oauth"), fieldOf("/oauth/other")]).toEqual(["scope", "token_url", "token_url"]);
});

it("names each fault at its field", () => {
  expect(faultsOf(EMPTY, "")).toEqual({ name: "name_missing", command: "command_missing", reason: "reason_missing" });
  expect(faultsOf({ ...DRAFT, name: "No", env: "novalue" }, "why")).toEqual({ name: "name_form", env: "env_form" });
  expect(faultsOf(DRAFT, "why")).toEqual({});
  expect(fieldOf("/env/LOG")).toBe("env");
  expect(fieldOf("/hosts/0")).toBe("hosts");
  expect(fieldOf("/headers/x-area")).toBe("headers");
  expect(fieldOf("/url")).toBe("url");
  expect(fieldOf("/type")).toBeNull();
  // Only the fields of the chosen way count.
  expect(faultsOf({ ...BY_URL, env: "novalue" }, "why")).toEqual({});
  expect(faultsOf({ ...BY_URL, url: " " }, "why")).toEqual({ url: "url_missing" });
  expect(faultsOf({ ...BY_URL, url: "http://mcp.example/", headers: "none" }, "why")).toEqual({ url: "url_form", headers: "headers_form" });
});

it("asks again for what variables and headers hold", () => {
  const server = { name: "notes", command: "/usr/bin/npx", args: ["-y"], env: ["LOG"], headers: [], hosts: [], at: "", by: "", reason: "" };
  expect(draftOf(server)).toMatchObject({ way: "program", env: "LOG=" });
  const oauth = { token_url: "https://login.example/token", client_id: "azimuth", scope: null };
  expect(draftOf({ ...server, oauth })).toMatchObject({ token_url: oauth.token_url, client_id: "azimuth", client_secret: "", scope: "" });
  expect(draftOf({ ...server, command: null, url: "https://mcp.example/mcp", headers: ["x-area"] })).toMatchObject({ way: "url", command: "", headers: "x-area: " });
});
