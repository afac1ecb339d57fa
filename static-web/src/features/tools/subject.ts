/**
 * What a call is about, read from its tool's name and its arguments. Names of tools end in a
 * verb (`storage_account_create`), and an argument carries the noun before it (`account`,
 * `vm-name`).
 */
export interface Subject {
  /** Words of the tool's name before the verb: `storage account`. */
  noun: string;
  /** The last word: `create`. */
  verb: string;
  /** Of the resource, when an argument says it. */
  name: string | null;
  resourceGroup: string | null;
  /** As given: an id or a name. */
  subscription: string | null;
}

const CONTEXT = new Set(["subscription", "resource-group", "location", "tenant", "region"]);

export function subjectOf(tool: string, args: Record<string, unknown>): Subject {
  const words = tool.split("_").filter((word) => word !== "");
  const verb = words.length > 1 ? words.at(-1)! : "";
  const nouns = words.length > 1 ? words.slice(0, -1) : words;
  return {
    noun: nouns.join(" ").replaceAll("-", " "),
    verb,
    name: nameOf(nouns, args),
    resourceGroup: text(args, "resource-group") ?? text(args, "resourceGroup") ?? text(args, "resource_group"),
    subscription: text(args, "subscription"),
  };
}

function nameOf(nouns: string[], args: Record<string, unknown>): string | null {
  const keys = Object.keys(args);
  for (const noun of nouns.toReversed()) {
    for (const key of [noun, `${noun}-name`, `${noun}_name`, `${noun}Name`]) {
      const found = text(args, key);
      if (found !== null) return found;
    }
  }
  const named = keys.find((key) => !CONTEXT.has(key) && /name$/i.test(key));
  return named === undefined ? null : text(args, named);
}

/** The resource's own name within a target such as `subscription/group/name`. */
export function lastSegment(target: string): string {
  return target.split("/").filter((part) => part !== "").at(-1) ?? target;
}

/** Such as `rg-dev / stdemo1`: group and name of a target. */
export function lastTwoSegments(target: string): string {
  return target.split("/").slice(-2).join(" / ");
}

/** Resources that the call names: one, or as many as its longest list. */
export function resourceCount(args: Record<string, unknown>): number {
  return Math.max(1, ...Object.values(args).map((value) => (Array.isArray(value) ? value.length : 1)));
}

function text(args: Record<string, unknown>, key: string): string | null {
  const value = args[key];
  return typeof value === "string" && value !== "" ? value : null;
}
