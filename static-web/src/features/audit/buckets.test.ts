import { expect, it } from "vitest";

import { buckets } from "./buckets";

const at = (second: number, kind = "close", outcome: "ok" | "error" | null = "ok") => ({ at: new Date(second * 1_000).toISOString(), kind, outcome });

it("records are counted in equal parts of their time", () => {
  const parts = buckets([at(240), at(0), at(0, "denied", null), at(120, "close", "error")]);
  expect(parts).toHaveLength(24);
  expect(parts[0]).toEqual({ from: new Date(0), good: 1, bad: 1 });
  expect(parts[11]).toMatchObject({ good: 0, bad: 1 });
  expect(parts[23]).toMatchObject({ good: 1, bad: 0 });
  expect(buckets([at(5)])[0]).toMatchObject({ good: 1, bad: 0 });
  expect(buckets([])).toEqual([]);
});
