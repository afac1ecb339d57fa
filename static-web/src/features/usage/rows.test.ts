import { describe, expect, it } from "vitest";

import type { UsageRow } from "@/api/types";

import { everyDay, measured, merged, sorted, total } from "./rows";

const row = (key: string, turns: number | null, tokens: number | null, cost: number | null): UsageRow => ({
  key,
  turns,
  tool_calls: 1,
  destructive_calls: 0,
  input_tokens: tokens,
  output_tokens: tokens,
  cost_micros: cost,
});

describe("usage", () => {
  it("of several answers is added up by key", () => {
    expect(merged([row("a", 1, 5, 7), row("b", 2, 1, 1), row("a", 3, 1, 1)])).toEqual([
      { key: "a", turns: 4, tool_calls: 2, destructive_calls: 0, input_tokens: 6, output_tokens: 6, cost_micros: 8 },
      row("b", 2, 1, 1),
    ]);
  });

  it("of which one part is not known is not known", () => {
    expect(total([row("a", 1, 5, 7), row("b", null, 1, null)])).toMatchObject({ turns: null, input_tokens: 6, cost_micros: null });
    expect(total([])).toBeNull();
  });

  it("is measured in tokens read and written", () => {
    expect(measured(row("a", 1, 5, null), "tokens")).toBe(10);
    expect(measured(row("a", 1, null, null), "tokens")).toBeNull();
    expect(measured(row("a", 1, 5, null), "cost")).toBeNull();
  });

  it("is sorted by day from the newest, else from the largest", () => {
    const rows = [row("a", 1, 1, 1), row("c", 1, 9, 1), row("b", 1, 9, 1)];
    expect(sorted(rows, "other", "tokens").map(({ key }) => key)).toEqual(["b", "c", "a"]);
    expect(sorted(rows, "day", "tokens").map(({ key }) => key)).toEqual(["c", "b", "a"]);
  });

  it("has every day, also over the end of a month", () => {
    const days = everyDay("2026-02-27", "2026-03-02", [row("2026-03-01", 1, 1, 1)]);
    expect(days.map(({ day }) => day)).toEqual(["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"]);
    expect(days.map((one) => one.row?.turns ?? null)).toEqual([null, null, 1, null]);
  });
});
