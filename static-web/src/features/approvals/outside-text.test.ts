import { describe, expect, it } from "vitest";

import type { CallLog, StepLog } from "@/realtime/turn-log";

import { readsOutside } from "./outside-text";
import { holdsSecret, revealsSecret } from "./secret";

const step = (number: number, ...statuses: CallLog["status"][]) =>
  ({ step: number, text: "", messageId: null, calls: statuses.map((status) => ({ status })) }) as StepLog;

describe("what tools have said before a call", () => {
  it.each([
    ["nothing", [], false],
    ["a call of the same step", [step(1, "ok")], false],
    ["a call of an earlier step", [step(0, "ok"), step(1, "waiting_approval")], true],
    ["an earlier call that failed", [step(0, "error")], true],
    ["an earlier call of which nobody knows how it ended", [step(0, "unknown")], true],
    ["an earlier call that never ran", [step(0, "denied", "cancelled", "not_run", "expired")], false],
    ["a later step", [step(2, "ok")], false],
  ])("%s", (_, steps, expected) => {
    expect(readsOutside({ step: 1 }, steps)).toBe(expected);
  });
});

describe("an approval of a secret", () => {
  const read = { effect: "read_only", tool: "keyvault_secret_get", arguments: { vault: "kv", secret: "db" } } as const;
  const list = { effect: "read_only", tool: "group_list", arguments: {} } as const;
  const gives = { effect: "mutating", tool: "keyvault_secret_create", arguments: { secret: "db", value: "(secret)" } } as const;
  it("is told to its asker, and seen by others in the call", () => {
    expect([read, list, gives].map((one) => [holdsSecret(one), revealsSecret(one)])).toEqual([[true, true], [false, false], [true, false]]);
    expect([read, list, gives].map((one) => holdsSecret({ ...one, secret: false }))).toEqual([false, false, false]);
    expect([read, list, gives].map((one) => revealsSecret({ ...one, secret: true }))).toEqual([true, true, false]);
  });
});
