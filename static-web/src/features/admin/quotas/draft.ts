/** Limits while they are edited: texts of fields, empty where nothing is set. */
import type { KnownQuota, Quotas, QuotasToStore } from "@/api/types";

import { ROLES } from "../users/queries";

/** Whose limits: each person's, those of each person with a role, or everybody's together. */
export const GROUPS = ["person", ...ROLES, "tenant"] as const;
export type Group = (typeof GROUPS)[number];

/** By group and name of the quota. */
export type Draft = Record<Group, Record<string, string>>;

export interface Change {
  group: Group;
  quota: KnownQuota;
  before: number | null;
  after: number | null;
}

export type Fault = "whole" | "range";

const isRole = (group: Group): group is (typeof ROLES)[number] => group !== "person" && group !== "tenant";

/** What is set. */
export const limitsOf = (quotas: Quotas, group: Group): Record<string, number> => (isRole(group) ? (quotas.roles[group] ?? {}) : quotas[group]);

export function draftOf(quotas: Quotas): Draft {
  const texts = (group: Group) => Object.fromEntries(Object.entries(limitsOf(quotas, group)).map(([name, limit]) => [name, String(limit)]));
  return Object.fromEntries(GROUPS.map((group) => [group, texts(group)])) as Draft;
}

export const withEdits = (draft: Draft, edits: Partial<Draft>): Draft =>
  Object.fromEntries(GROUPS.map((group) => [group, { ...draft[group], ...edits[group] }])) as Draft;

/** What is wrong with a field's text; an empty one sets nothing. */
export function faultOf(text: string, { least, most }: KnownQuota): Fault | null {
  if (text.trim() === "") return null;
  if (!/^\d+$/.test(text.trim())) return "whole";
  const limit = Number(text);
  return limit < least || limit > most ? "range" : null;
}

/** The first field that cannot be stored. */
export function firstFault(draft: Draft, known: readonly KnownQuota[]): { group: Group; name: string } | null {
  for (const group of GROUPS) {
    const quota = known.find((one) => faultOf(draft[group][one.name] ?? "", one) !== null);
    if (quota !== undefined) return { group, name: quota.name };
  }
  return null;
}

const limitIn = (draft: Draft, group: Group, name: string): number | null => {
  const text = (draft[group][name] ?? "").trim();
  return text === "" ? null : Number(text);
};

export function changesOf(quotas: Quotas, draft: Draft): Change[] {
  return GROUPS.flatMap((group) =>
    quotas.known
      .map((quota) => ({ group, quota, before: limitsOf(quotas, group)[quota.name] ?? null, after: limitIn(draft, group, quota.name) }))
      .filter(({ before, after }) => before !== after),
  );
}

export function toStore(draft: Draft, known: readonly KnownQuota[], reason: string): QuotasToStore {
  const limits = (group: Group) =>
    Object.fromEntries(known.map(({ name }) => [name, limitIn(draft, group, name)] as const).filter((entry): entry is [string, number] => entry[1] !== null));
  const roles = ROLES.map((role) => [role, limits(role)] as const).filter(([, of]) => Object.keys(of).length > 0);
  return { person: limits("person"), roles: Object.fromEntries(roles), tenant: limits("tenant"), reason };
}

/** The field that a JSON pointer of the API means, such as `/roles/reader/turns_per_day`. */
export function placeOf(pointer: string): { group: Group; name: string } | null {
  const parts = pointer.split("/").slice(1);
  const [group, name] = parts[0] === "roles" ? [parts[1], parts[2]] : [parts[0], parts[1]];
  return name !== undefined && GROUPS.includes(group as Group) ? { group: group as Group, name } : null;
}
