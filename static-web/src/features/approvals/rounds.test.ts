import { describe, expect, it } from "vitest";

import type { Approval } from "@/api/types";

import { lookAgainMs } from "./queries";
import { Rounds } from "./rounds";

describe("rounds of an approval", () => {
  it("are told apart by the digest, each approval for itself", () => {
    const rounds = new Rounds();
    expect(rounds.isAskedAnew("a", "d1")).toBe(false);
    expect(rounds.isAskedAnew("a", "d1")).toBe(false);
    expect(rounds.isAskedAnew("b", "d2")).toBe(false);
    expect(rounds.isAskedAnew("a", "d2")).toBe(true);
    expect(rounds.isAskedAnew("a", "d2")).toBe(true);
    expect(rounds.isAskedAnew("a", "d1"), "the third may be as the first was").toBe(true);
    expect(rounds.isAskedAnew("b", "d2")).toBe(false);
  });
});

describe("an approval is looked at again", () => {
  const now = Date.parse("2026-11-24T00:00:00Z");
  const decision = (secondsAgo: number) => ({ approved: true, by: { oid: "c1" }, at: new Date(now - secondsAgo * 1_000).toISOString() });
  it.each<[string, object, boolean]>([
    ["while it waits", { state: "pending" }, false],
    ["right after a yes, which may be lost", { state: "approved", decision: decision(5) }, true],
    ["long after a yes", { state: "approved", decision: decision(60) }, false],
    ["while what it would do is read anew", { state: "superseded" }, true],
    ["after its deadline", { state: "superseded", expires_at: "2026-11-23T23:59:59Z" }, false],
    ["once it was refused", { state: "denied", decision: { ...decision(1), approved: false } }, false],
  ])("%s: %j, %j", (_, extra, expected) => {
    const approval = { expires_at: "2026-11-24T00:30:00Z", decision: null, ...extra } as Approval;
    expect(lookAgainMs(approval, now) !== false).toBe(expected);
  });
  it("not before it is known", () => {
    expect(lookAgainMs(undefined, now)).toBe(false);
  });
});
