import { describe, expect, it } from "vitest";

import { filterOf, NO_FILTER, queryOf, searchOf } from "./filter";

const NOW = new Date("2026-11-27T12:00:00Z");

describe("the filter of the audit", () => {
  it("comes from the address, which says no more than is needed", () => {
    const filter = filterOf({ range: "day", kind: "denied", tool: "azure/group_list", outcome: "no such", oid: 5 });
    expect(filter).toEqual({ ...NO_FILTER, range: "day", kind: "denied", tool: "azure/group_list" });
    expect(searchOf(filter)).toEqual({ range: "day", kind: "denied", tool: "azure/group_list" });
    expect(filterOf(searchOf(filter))).toEqual(filter);
    expect(searchOf(filterOf({}))).toEqual({});
  });

  it("asks the API for moments", () => {
    expect(queryOf(NO_FILTER, NOW)).toEqual({ from: "2026-11-20T12:00:00.000Z" });
    expect(queryOf({ ...NO_FILTER, range: "all", tool: " azure/x " }, NOW)).toEqual({ tool: "azure/x" });
    const local = { ...NO_FILTER, range: "custom" as const, from: "2026-11-24T13:05", until: "nonsense" };
    expect(queryOf(local, NOW)).toEqual({ from: new Date("2026-11-24T13:05").toISOString() });
  });
});
