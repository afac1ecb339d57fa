/** A tool server as it stands in the form: everything a text, a line for each item. */
import type { AddedServer, AddedServerToSet } from "@/api/types";

/** A server that is reached otherwise than by a program gets a field of its own here. */
export interface Draft {
  name: string;
  command: string;
  /** One a line. */
  args: string;
  /** `NAME=value`, one a line. */
  env: string;
  /** One a line. */
  hosts: string;
}

export type Field = keyof Draft | "reason";

export const EMPTY: Draft = { name: "", command: "", args: "", env: "", hosts: "" };

/** What holds, to be changed. The API tells no values of variables: they are to be given again. */
export const draftOf = (server: AddedServer): Draft => ({
  name: server.name,
  command: server.command ?? "",
  args: server.args.join("\n"),
  env: server.env.map((name) => `${name}=`).join("\n"),
  hosts: server.hosts.join("\n"),
});

export type Fault = "name_missing" | "name_form" | "command_missing" | "env_form" | "reason_missing";

/** As the API takes it. */
const NAME = /^[a-z0-9-]{1,32}$/;

/** What can be seen before anything is sent, by field. */
export function faultsOf(draft: Draft, reason: string): Partial<Record<Field, Fault>> {
  const name = draft.name.trim();
  return {
    ...(name === "" ? { name: "name_missing" } : NAME.test(name) ? {} : { name: "name_form" }),
    ...(draft.command.trim() === "" ? { command: "command_missing" } : {}),
    ...(lines(draft.env).every((line) => line.indexOf("=") > 0) ? {} : { env: "env_form" }),
    ...(reason.trim() === "" ? { reason: "reason_missing" } : {}),
  };
}

export function toSet(draft: Draft, reason: string): AddedServerToSet {
  return {
    command: draft.command.trim(),
    // Blanks may be part of an argument.
    args: draft.args.split("\n").filter((line) => line !== ""),
    env: Object.fromEntries(lines(draft.env).map((line) => [line.slice(0, line.indexOf("=")).trim(), line.slice(line.indexOf("=") + 1)])),
    hosts: lines(draft.hosts).map((host) => host.trim()),
    reason: reason.trim(),
  };
}

const lines = (text: string) => text.split("\n").filter((line) => line.trim() !== "").map((line) => line.trimStart());

/** The field that a pointer of a problem leads to, such as `/args/0`. */
export function fieldOf(pointer: string): Field | null {
  const first = pointer.split("/")[1] ?? "";
  return (["command", "args", "env", "hosts", "reason"] as const).find((field) => field === first) ?? null;
}
