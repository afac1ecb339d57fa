import { describe, expect, it } from "vitest";

import type { ModelOffer } from "@/api/types";

import { changesOf, draftOf, isFaulty, standardOf, toStore } from "./draft";

const model = (name: string, only_for: string[] | null, description: string | null = "A model.") => ({ name, description, default: false, only_for, price: null });
const OFFER: ModelOffer = {
  default: null,
  default_of_deployment: "large",
  items: [model("small", null), model("large", null), model("new", ["admin"]), model("gone", [], null)],
  stored: null,
};

describe("which models are for whom", () => {
  it("is stored as it came when nothing was edited", () => {
    const draft = draftOf(OFFER);
    expect(changesOf(OFFER, draft)).toEqual([]);
    expect(toStore(draft, "why")).toEqual({ default: null, only_for: { new: ["admin"], gone: [] }, reason: "why" });
  });

  it("tells what changes, whatever the order of roles", () => {
    const draft = draftOf(OFFER, { default: "small", onlyFor: { large: ["operator", "admin"], gone: null, new: ["admin"] } });
    expect(changesOf(OFFER, draft)).toEqual([
      { what: "default", before: "", after: "small" },
      { what: "only_for", model: "large", before: null, after: ["operator", "admin"] },
      { what: "only_for", model: "gone", before: [], after: null },
    ]);
    expect(toStore(draft, "why")).toEqual({ default: "small", only_for: { large: ["operator", "admin"], new: ["admin"] }, reason: "why" });
    const two = { ...OFFER, items: [model("large", ["admin", "operator"])] };
    expect(changesOf(two, draftOf(two, { onlyFor: { large: ["operator", "admin"] } }))).toEqual([]);
    expect(changesOf(two, draftOf(two, { onlyFor: { large: ["operator", "reader"] } }))).toHaveLength(1);
  });

  it.each([
    ["", null, "large", false],
    ["", ["admin"], "large", true],
    ["", [], "large", true],
    ["small", ["admin"], "small", false],
    ["new", null, "new", true],
    ["gone", null, "large", false],
  ])("with the default %s and the large one for %s, %s answers", (standard, large, answers, isFault) => {
    const draft = draftOf(OFFER, { default: standard, onlyFor: { large } });
    expect(standardOf(OFFER, draft)).toBe(answers);
    expect(isFaulty(OFFER, draft)).toBe(isFault);
  });
});
