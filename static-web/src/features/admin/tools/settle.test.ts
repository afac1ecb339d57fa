import { expect, it } from "vitest";

import type { ToolPin } from "@/api/types";

import { actsOf, firstChoice, toSet } from "./settle";

const CHOICE = { effect: "mutating", secret: true } as const;
const pin = (more: Partial<ToolPin>): ToolPin => ({ server: "notes", tool: "note_write", state: "pinned", description: "", input_schema: {}, ...more });
const settled = (more: object) => ({ switched_off: false, at: "2026-11-24T13:05:09.123Z", by: "x", reason: "r", ...more });

it("offers what the state allows", () => {
  expect(actsOf(pin({}))).toEqual(["switch_off"]);
  expect(actsOf(pin({ state: "new", offered_hash: "a" }))).toEqual(["accept", "switch_off"]);
  expect(actsOf(pin({ state: "changed" })), "not asked yet what is offered").toEqual(["switch_off"]);
  expect(actsOf(pin({ state: "disabled", disabled_by: "switched_off", settled: settled({ switched_off: true }) }))).toEqual(["switch_on"]);
  expect(actsOf(pin({ state: "disabled", disabled_by: "needs_local_machine" }))).toEqual([]);
  expect(actsOf(pin({ state: "missing", settled: settled({ accepted_hash: "a" }) }))).toEqual(["take_back"]);
});

it("takes the worst for granted of what nobody knows", () => {
  expect(firstChoice(pin({ state: "new" }))).toEqual({ effect: "destructive", secret: false });
  expect(firstChoice(pin({ effect: "read_only", secret: true }))).toEqual({ effect: "read_only", secret: true });
});

it("accepts the tool that was seen, as what was chosen", () => {
  expect(toSet(pin({ state: "changed", offered_hash: "b", pinned_hash: "a" }), "accept", CHOICE, "why")).toEqual({
    accepted: { hash: "b", effect: "mutating", secret: true },
    switched_off: false,
    reason: "why",
  });
});

it("keeps what was accepted through off and on", () => {
  const accepted = pin({ effect: "read_only", secret: false, settled: settled({ accepted_hash: "a" }) });
  const kept = { hash: "a", effect: "read_only", secret: false };
  expect(toSet(accepted, "switch_off", CHOICE, "why")).toEqual({ accepted: kept, switched_off: true, reason: "why" });
  expect(toSet(accepted, "switch_on", CHOICE, "why")).toEqual({ accepted: kept, switched_off: false, reason: "why" });
  expect(toSet(accepted, "take_back", CHOICE, "why")).toEqual({ accepted: null, switched_off: false, reason: "why" });
});
