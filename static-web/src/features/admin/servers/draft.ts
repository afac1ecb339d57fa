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
  /** Who gives a token for the URL; all empty where nobody does. */
  token_url: string;
  client_id: string;
  /** The name of a secret. */
  client_secret: string;
  scope: string;
}

/** The fields about the token, as the API names them in `oauth`. */
export const OAUTH = ["token_url", "client_id", "client_secret", "scope"] as const;

export type TextName = Exclude<keyof Draft, "way">;
export type Field = TextName | "reason";

export const EMPTY: Draft = { way: "program", name: "", command: "", args: "", env: "", hosts: "", url: "", headers: "", token_url: "", client_id: "", client_secret: "", scope: "" };

/** What holds, to be changed. The API tells neither values of variables and headers nor which secret a token is got with: they are to be given again. */
export const draftOf = (server: AddedServer): Draft => ({
  way: typeof server.url === "string" ? "url" : "program",
  name: server.name,
  command: server.command ?? "",
  args: server.args.join("\n"),
  env: server.env.map((name) => `${name}=`).join("\n"),
  hosts: server.hosts.join("\n"),
  url: server.url ?? "",
  headers: server.headers.map((name) => `${name}: `).join("\n"),
  token_url: server.oauth?.token_url ?? "",
  client_id: server.oauth?.client_id ?? "",
  client_secret: "",
  scope: server.oauth?.scope ?? "",
});

/** Whether a token is to be got for the URL. */
export const getsToken = (draft: Draft) => OAUTH.some((name) => draft[name].trim() !== "");

export type Fault = "name_missing" | "name_form" | "command_missing" | "env_form" | "url_missing" | "url_form" | "headers_form" | "token_url_missing" | "client_id_missing" | "client_secret_form" | "reason_missing";

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

const isHttps = (url: string) => /^https:\/\/[^/]/i.test(url);

function faultsOfUrl(draft: Draft): Partial<Record<Field, Fault>> {
  const address = draft.url.trim();
  return {
    ...(address === "" ? { url: "url_missing" } : isHttps(address) ? {} : { url: "url_form" }),
    ...(named(draft.headers, ":") ? {} : { headers: "headers_form" }),
    ...(getsToken(draft) ? faultsOfToken(draft) : {}),
  };
}

function faultsOfToken(draft: Draft): Partial<Record<Field, Fault>> {
  const address = draft.token_url.trim();
  return {
    ...(address === "" ? { token_url: "token_url_missing" } : isHttps(address) ? {} : { token_url: "url_form" }),
    ...(draft.client_id.trim() === "" ? { client_id: "client_id_missing" } : {}),
    ...(/^@keyvault:./.test(draft.client_secret.trim()) ? {} : { client_secret: "client_secret_form" }),
  };
}

export function toSet(draft: Draft, reason: string): AddedServerToSet {
  if (draft.way === "url") {
    return {
      url: draft.url.trim(),
      headers: pairs(draft.headers, ":", (value) => value.trim()),
      ...(getsToken(draft) ? { oauth: tokenOf(draft) } : {}),
      reason: reason.trim(),
    };
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

function tokenOf(draft: Draft): NonNullable<AddedServerToSet["oauth"]> {
  const scope = draft.scope.trim();
  return {
    token_url: draft.token_url.trim(),
    client_id: draft.client_id.trim(),
    client_secret: draft.client_secret.trim(),
    ...(scope === "" ? {} : { scope }),
  };
}

const lines = (text: string) => text.split("\n").filter((line) => line.trim() !== "").map((line) => line.trimStart());

/** Whether there is a name in every line. */
const named = (text: string, sign: string) => lines(text).every((line) => line.indexOf(sign) > 0);

/** Names and values, each line divided at the first `sign`. */
const pairs = (text: string, sign: string, asKept: (value: string) => string): Record<string, string> =>
  Object.fromEntries(lines(text).map((line) => [line.slice(0, line.indexOf(sign)).trim(), asKept(line.slice(line.indexOf(sign) + 1))]));

/** The field that a pointer of a problem leads to, such as `/args/0` or `/oauth/scope`. */
export function fieldOf(pointer: string): Field | null {
  const [, first = "", second = ""] = pointer.split("/");
  if (first === "oauth") return OAUTH.find((field) => field === second) ?? "token_url";
  return (["command", "args", "env", "hosts", "url", "headers", "reason"] as const).find((field) => field === first) ?? null;
}
