/** What people copy from the settings of other programs, as drafts. */
import { EMPTY, OAUTH, type Draft } from "./draft";

/** Where programs keep their servers: Claude Desktop, VS Code's `mcp.json`, VS Code's settings. */
const PLACES = [["mcpServers"], ["servers"], ["mcp", "servers"]];

export type Pasted = { drafts: Draft[] } | { fault: "not_json" | "no_servers" | "by_sse" };

/** The servers of a text in the `mcpServers` form, or of the part of it that was copied. */
export function pasted(text: string): Pasted {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The member alone, as it stands within a file.
    try {
      value = JSON.parse(`{${text.trim().replace(/,$/, "")}}`);
    } catch {
      return { fault: "not_json" };
    }
  }
  const entries = serversIn(value);
  // The transport that streamable HTTP replaced is not spoken here.
  const drafts = entries.flatMap(([name, entry]) => (entry["type"] === "sse" ? [] : [draftOf(name, entry)]));
  if (drafts.length > 0) return { drafts };
  return { fault: entries.length > 0 ? "by_sse" : "no_servers" };
}

type Entry = Record<string, unknown>;

const isEntry = (value: unknown): value is Entry => typeof value === "object" && value !== null && !Array.isArray(value);
const isServer = (value: unknown): value is Entry => isEntry(value) && (typeof value["command"] === "string" || typeof value["url"] === "string");

function serversIn(value: unknown): [string, Entry][] {
  if (isServer(value)) return [["", value]];
  const found = PLACES.map((place) => place.reduce<unknown>((at, member) => (isEntry(at) ? at[member] : undefined), value)).find(isEntry) ?? value;
  return isEntry(found) ? Object.entries(found).filter((pair): pair is [string, Entry] => isServer(pair[1])) : [];
}

/** As the configuration of an installation has it. */
const oauthOf = (given: unknown): Partial<Draft> => (isEntry(given) ? Object.fromEntries(OAUTH.flatMap((name) => (typeof given[name] === "string" ? [[name, given[name]]] : []))) : {});

function draftOf(name: string, entry: Entry): Draft {
  const texts = (value: unknown) => (Array.isArray(value) ? value.map(String) : []);
  const named = (value: unknown, sign: string) => (isEntry(value) ? Object.entries(value).map(([key, one]) => `${key}${sign}${String(one)}`) : []);
  // A name that others allow may be none here.
  const draft = { ...EMPTY, name: name.toLowerCase().replace(/[^a-z0-9-]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 32) };
  if (typeof entry["command"] !== "string") return { ...draft, way: "url", url: String(entry["url"]), headers: named(entry["headers"], ": ").join("\n"), ...oauthOf(entry["oauth"]) };
  return {
    ...draft,
    command: entry["command"],
    args: texts(entry["args"]).join("\n"),
    env: named(entry["env"], "=").join("\n"),
    hosts: texts(entry["hosts"]).join("\n"),
  };
}
