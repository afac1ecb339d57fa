/** A tool server as it stands in the form: everything a text, a line for each item. */
import type { AddedServer, AddedServerToSet } from "@/api/types";

/** What runs here, or what is reached elsewhere. */
export type Way = "program" | "url";

export interface Draft {
  /** Which of the fields count; the others keep what was written in them. */
  way: Way;
  name: string;
  command: string;
  /** One a line. */
  args: string;
  /** `NAME=value`, one a line. */
  env: string;
  /** One a line. */
  hosts: string;
  url: string;
  /** `Name: value`, one a line. */
  headers: string;
}

export type TextName = Exclude<keyof Draft, "way">;
export type Field = TextName | "reason";

export const EMPTY: Draft = { way: "program", name: "", command: "", args: "", env: "", hosts: "", url: "", headers: "" };

/** What holds, to be changed. The API tells no values of variables and headers: they are to be given again. */
export const draftOf = (server: AddedServer): Draft => ({
  way: typeof server.url === "string" ? "url" : "program",
  name: server.name,
  command: server.command ?? "",
  args: server.args.join("\n"),
  env: server.env.map((name) => `${name}=`).join("\n"),
  hosts: server.hosts.join("\n"),
  url: server.url ?? "",
  headers: server.headers.map((name) => `${name}: `).join("\n"),
});

export type Fault = "name_missing" | "name_form" | "command_missing" | "env_form" | "url_missing" | "url_form" | "headers_form" | "reason_missing";

/** As the API takes it. */
const NAME = /^[a-z0-9-]{1,32}$/;

/** What can be seen before anything is sent, by field. */
export function faultsOf(draft: Draft, reason: string): Partial<Record<Field, Fault>> {
  const name = draft.name.trim();
  return {
    ...(name === "" ? { name: "name_missing" } : NAME.test(name) ? {} : { name: "name_form" }),
    ...(draft.way === "program" ? faultsOfProgram(draft) : faultsOfUrl(draft)),
    ...(reason.trim() === "" ? { reason: "reason_missing" } : {}),
  };
}

const faultsOfProgram = ({ command, env }: Draft): Partial<Record<Field, Fault>> => ({
  ...(command.trim() === "" ? { command: "command_missing" } : {}),
  ...(named(env, "=") ? {} : { env: "env_form" }),
});

function faultsOfUrl({ url, headers }: Draft): Partial<Record<Field, Fault>> {
  const address = url.trim();
  return {
    ...(address === "" ? { url: "url_missing" } : /^https:\/\/[^/]/i.test(address) ? {} : { url: "url_form" }),
    ...(named(headers, ":") ? {} : { headers: "headers_form" }),
  };
}

export function toSet(draft: Draft, reason: string): AddedServerToSet {
  if (draft.way === "url") {
    return { url: draft.url.trim(), headers: pairs(draft.headers, ":", (value) => value.trim()), reason: reason.trim() };
  }
  return {
    command: draft.command.trim(),
    // Blanks may be part of an argument.
    args: draft.args.split("\n").filter((line) => line !== ""),
    env: pairs(draft.env, "=", (value) => value),
    hosts: lines(draft.hosts).map((host) => host.trim()),
    reason: reason.trim(),
  };
}

const lines = (text: string) => text.split("\n").filter((line) => line.trim() !== "").map((line) => line.trimStart());

/** Whether there is a name in every line. */
const named = (text: string, sign: string) => lines(text).every((line) => line.indexOf(sign) > 0);

/** Names and values, each line divided at the first `sign`. */
const pairs = (text: string, sign: string, asKept: (value: string) => string): Record<string, string> =>
  Object.fromEntries(lines(text).map((line) => [line.slice(0, line.indexOf(sign)).trim(), asKept(line.slice(line.indexOf(sign) + 1))]));

/** The field that a pointer of a problem leads to, such as `/args/0`. */
export function fieldOf(pointer: string): Field | null {
  const first = pointer.split("/")[1] ?? "";
  return (["command", "args", "env", "hosts", "url", "headers", "reason"] as const).find((field) => field === first) ?? null;
}
