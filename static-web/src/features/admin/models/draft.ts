/** Which models are for whom, while it is edited. */
import type { ModelOffer, ModelOfferToStore } from "@/api/types";

import { isSameChoice, type RoleChoice } from "../users/role-choice";

/** Roles of which one is needed; `null`: everybody is offered it. */
export type OnlyFor = RoleChoice;

export interface Draft {
  /** The model that answers when nobody chose; empty takes the installation's. */
  default: string;
  /** By the names of models. */
  onlyFor: Readonly<Record<string, OnlyFor>>;
}

/** What was edited, and nothing else. */
export type Edits = Partial<Draft>;

export type Change = { what: "default"; before: string; after: string } | { what: "only_for"; model: string; before: OnlyFor; after: OnlyFor };

export function draftOf(offer: ModelOffer, edits: Edits = {}): Draft {
  const stored = Object.fromEntries(offer.items.map(({ name, only_for }) => [name, only_for ?? null]));
  return { default: edits.default ?? offer.default ?? "", onlyFor: { ...stored, ...edits.onlyFor } };
}

/** The model that would answer when nobody chose. */
export function standardOf(offer: ModelOffer, draft: Draft): string {
  const isThere = offer.items.some(({ name, description }) => name === draft.default && description != null);
  return isThere ? draft.default : offer.default_of_deployment;
}

/** Whether the model that would answer when nobody chose is for some people only, which cannot be stored. */
export const isFaulty = (offer: ModelOffer, draft: Draft) => (draft.onlyFor[standardOf(offer, draft)] ?? null) !== null;

export function changesOf(offer: ModelOffer, draft: Draft): Change[] {
  const before = draftOf(offer);
  const standard: Change[] = before.default === draft.default ? [] : [{ what: "default", before: before.default, after: draft.default }];
  const models = offer.items.map(({ name }): Change => ({ what: "only_for", model: name, before: before.onlyFor[name] ?? null, after: draft.onlyFor[name] ?? null }));
  return [...standard, ...models.filter((change) => change.what === "only_for" && !isSameChoice(change.before, change.after))];
}

export function toStore(draft: Draft, reason: string): ModelOfferToStore {
  const restricted = Object.entries(draft.onlyFor).filter((entry): entry is [string, readonly string[]] => entry[1] !== null);
  return {
    default: draft.default === "" ? null : draft.default,
    only_for: Object.fromEntries(restricted.map(([name, roles]) => [name, [...roles]])),
    reason,
  };
}
