/** What would happen, as a sentence: a verb, a kind of resource, its name, its group. */
import { lastSegment, subjectOf } from "@/features/tools/subject";

export interface Sentence {
  /** Key below `approvals:verb`; `null` when the tool's name says no verb that is known. */
  verb: Verb | null;
  /** Key below `approvals:noun`; `null`: use `words`. */
  noun: Noun | null;
  /** The kind of resource in the tool's own words. */
  words: string;
  name: string | null;
  resourceGroup: string | null;
}

const VERBS = [
  "create",
  "delete",
  "update",
  "add",
  "remove",
  "set",
  "start",
  "stop",
  "restart",
  "deallocate",
  "import",
  "assign",
  "write",
  "get",
  "reveal",
] as const;
export type Verb = (typeof VERBS)[number];

const NOUNS = {
  "storage account": "storage_account",
  "storage blob container": "blob_container",
  "storage blob": "blob",
  "compute vm": "vm",
  "compute vmss": "vmss",
  "compute disk": "disk",
  "keyvault secret": "secret",
  "keyvault key": "key",
  "keyvault certificate": "certificate",
  "sql db": "sql_database",
  "sql server": "sql_server",
  group: "resource_group",
} as const;
export type Noun = (typeof NOUNS)[keyof typeof NOUNS];

export function sentenceOf(approval: { tool: string; arguments: Record<string, unknown>; target?: string | null }): Sentence {
  const subject = subjectOf(approval.tool, approval.arguments);
  // Tools that do several things are told which one by an argument such as `power-action`.
  const action = Object.entries(approval.arguments).find(([key]) => /(^|[-_])action$/i.test(key))?.[1];
  const verb = knownVerb(subject.verb) ?? (typeof action === "string" ? knownVerb(action) : null);
  const noun = (NOUNS as Record<string, Noun>)[subject.noun] ?? null;
  const reveals = verb === "get" && noun === "secret";
  return {
    verb: reveals ? "reveal" : verb,
    noun,
    words: subject.noun,
    // What is revealed lies in the target, which is a vault.
    name: (reveals ? subject.name : null) ?? resourceName(approval),
    resourceGroup: subject.resourceGroup,
  };
}

/** The resource's own name: the API's target has the last word over what arguments look like. */
export function resourceName(approval: { tool: string; arguments: Record<string, unknown>; target?: string | null }): string | null {
  const { target } = approval;
  if (target !== null && target !== undefined && target !== "") return lastSegment(target);
  return subjectOf(approval.tool, approval.arguments).name;
}

function knownVerb(word: string): Verb | null {
  const verb = word.toLowerCase();
  return (VERBS as readonly string[]).includes(verb) ? (verb as Verb) : null;
}
