import { expect, it } from "vitest";

import { NOTHING_USED, plus } from "./used";

const PRICE = { input_micros: 2_500_000, output_micros: 10_000_000 };

it("sums tokens and what they cost, rounded up for each turn", () => {
  const one = plus(NOTHING_USED, 1001, 100, PRICE);
  expect(one).toEqual({ input: 1001, output: 100, cost: 3503 });
  expect(plus(one, 1, 0, PRICE)).toEqual({ input: 1002, output: 100, cost: 3506 });
});

it("knows no cost once a model without a price has answered", () => {
  const unknown = plus(plus(NOTHING_USED, 10, 1, PRICE), 10, 1, null);
  expect(unknown).toEqual({ input: 20, output: 2, cost: null });
  expect(plus(unknown, 10, 1, PRICE).cost).toBeNull();
  expect(plus(NOTHING_USED, 0, 0, undefined).cost).toBe(0);
});
