import { expect, it } from "vitest";

import { isSealed } from "./seal";

const AT = "2026-11-27T12:00:00.000Z";
const record = (chain: string, seq: number, at = AT) => ({ chain, seq, at });
const open = { chain: "c", sealed_seq: 3, seq: 5, since: AT };

it("a record is sealed as far as the digests go", () => {
  const state = { sealed_up_to: "2026-11-27T13:00:00.000Z", unsealed_since: AT, unsealed: [open] };
  expect(isSealed(record("c", 3), state)).toBe(true);
  expect(isSealed(record("c", 4), state)).toBe(false);
  expect(isSealed(record("other", 9), state)).toBe(true);
  expect(isSealed(record("other", 9, "2026-11-27T14:00:00.000Z"), state)).toBeNull();
  expect(isSealed(record("other", 9), { ...state, unsealed: Array.from({ length: 100 }, () => open) })).toBeNull();
  expect(isSealed(record("other", 1), { unsealed: [] })).toBe(false);
});
