import { describe, expect, it } from "vitest";

import type { Quotas } from "@/api/types";

import { changesOf, draftOf, faultOf, firstFault, placeOf, toStore, withEdits } from "./draft";

const TURNS = { name: "turns_per_day", person: 20_000, tenant: null, least: 0, most: 100 };
const REQUESTS = { name: "requests_per_minute", person: 6_000, tenant: null, least: 10, most: 1_000 };
const QUOTAS: Quotas = {
  person: { turns_per_day: 50 },
  roles: { reader: { turns_per_day: 5 } },
  tenant: {},
  known: [TURNS, REQUESTS],
};

describe("limits that are edited", () => {
  it("are stored as they came when nothing was edited", () => {
    const draft = draftOf(QUOTAS);
    expect(changesOf(QUOTAS, draft)).toEqual([]);
    expect(toStore(draft, QUOTAS.known, "why")).toEqual({ person: { turns_per_day: 50 }, roles: { reader: { turns_per_day: 5 } }, tenant: {}, reason: "why" });
  });

  it("tell what changes; an emptied field sets nothing any more", () => {
    const draft = withEdits(draftOf(QUOTAS), { reader: { turns_per_day: "" }, tenant: { requests_per_minute: " 0500 " } });
    expect(changesOf(QUOTAS, draft)).toEqual([
      { group: "reader", quota: TURNS, before: 5, after: null },
      { group: "tenant", quota: REQUESTS, before: null, after: 500 },
    ]);
    expect(toStore(draft, QUOTAS.known, "why")).toEqual({ person: { turns_per_day: 50 }, roles: {}, tenant: { requests_per_minute: 500 }, reason: "why" });
  });

  it.each([
    ["", null],
    ["10", null],
    ["1000", null],
    ["9", "range"],
    ["1001", "range"],
    ["-5", "whole"],
    ["1.5", "whole"],
    ["1e3", "whole"],
    ["ten", "whole"],
  ])("%s is judged", (text, fault) => {
    expect(faultOf(text, REQUESTS)).toBe(fault);
  });

  it("name the first field that cannot be", () => {
    const draft = draftOf(QUOTAS);
    expect(firstFault(draft, QUOTAS.known)).toBeNull();
    draft.tenant["turns_per_day"] = "x";
    draft.auditor["requests_per_minute"] = "1";
    expect(firstFault(draft, QUOTAS.known)).toEqual({ group: "auditor", name: "requests_per_minute" });
  });

  it("are found by the API's pointers", () => {
    expect(placeOf("/person/turns_per_day")).toEqual({ group: "person", name: "turns_per_day" });
    expect(placeOf("/roles/reader/turns_per_day")).toEqual({ group: "reader", name: "turns_per_day" });
    expect(placeOf("/reason")).toBeNull();
    expect(placeOf("/roles/boss/turns_per_day")).toBeNull();
  });
});
