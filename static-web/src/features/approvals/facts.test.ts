import { describe, expect, it } from "vitest";

import type { Approval } from "@/api/types";
import type { CallLog } from "@/realtime/turn-log";

import { approvalOfCall } from "./facts";
import { mayDecide } from "./queries";

const alice = { oid: "c1", name: "Alice Kim" };
const call = {
  server: "azure",
  tool: "compute_vm_delete",
  effect: "destructive",
  arguments: { "vm-name": "vm-dev-2" },
  approval: { id: "a1", by: "another_approver", digest: "new", expiresAt: "2026-11-24T18:00:00Z", preview: null, previewState: "late", decision: null, reason: null, drifts: 0 },
} as unknown as CallLog;
const view = (digest: string, expires_at = "2026-11-24T18:00:00Z") =>
  ({ id: "a1", state: "pending", expires_at, digest, by: "another_approver", arguments: { "vm-name": "shown" }, target: "b2/rg-dev/vm-dev-2", asker: alice }) as unknown as Approval;

describe("approvalOfCall", () => {
  it("shows the call of the digest that a decision would send", () => {
    expect(approvalOfCall(call, undefined, alice)).toMatchObject({ digest: "new", arguments: call.arguments, target: null, asker: alice });
    expect(approvalOfCall(call, view("old"), alice)).toMatchObject({ digest: "new", arguments: call.arguments });
    expect(approvalOfCall(call, view("new"), alice)).toMatchObject({ digest: "new", arguments: { "vm-name": "shown" }, target: "b2/rg-dev/vm-dev-2" });
  });
  it("shows why there is no preview", () => {
    expect(approvalOfCall(call, undefined, alice)).toMatchObject({ preview: null, preview_state: "late" });
  });
  it("leaves an earlier round aside, though its digest be the same", () => {
    expect(approvalOfCall(call, view("new", "2026-11-24T17:00:00Z"), alice)).toMatchObject({ state: "pending", arguments: call.arguments, expires_at: "2026-11-24T18:00:00Z" });
  });
  it("has nothing to show of a call without an approval", () => {
    expect(approvalOfCall({ ...call, approval: null }, undefined, alice)).toBeNull();
  });
});

describe("mayDecide", () => {
  const approver = { oid: "c3", permissions: ["approvals.decide"] };
  const askerWhoApproves = { oid: "c1", permissions: ["approvals.decide"] };
  const asker = { oid: "c1", permissions: [] };
  const other = { oid: "c2", permissions: [] };
  it.each([
    ["asker", asker, true],
    ["asker", approver, false],
    ["another_approver", asker, false],
    ["another_approver", askerWhoApproves, false],
    ["another_approver", approver, true],
    ["another_approver", other, false],
    ["asker", undefined, false],
  ] as const)("by %s, %j: %s", (by, me, expected) => {
    expect(mayDecide({ by, asker: alice }, me === undefined ? undefined : { oid: me.oid, permissions: [...me.permissions] })).toBe(expected);
  });
});
