import { describe, expect, it } from "vitest";

import type { Call, Preview, Turn, TurnEvent } from "@/api/types";

import { emptyTurnLog, reduceEvents, type TurnLog } from "./turn-log";
import { snapshotLog, withPreviewing } from "./turn-snapshot";

const AT = "2026-11-24T00:00:00.000Z";
const LATER = "2026-11-24T00:00:09.000Z";
const DEADLINE = "2026-11-24T01:00:00.000Z";

const creates: Preview = { action: "create", resource: "st1", fields: [{ name: "sku", old: null, new: "Standard_LRS" }], resources: 1, undo: null };
const changes: Preview = { ...creates, action: "change", fields: [{ name: "sku", old: "Premium_LRS", new: "Standard_LRS" }] };

const REQUESTED = { type: "tool_call_requested", call_id: "k0", server: "azure", tool: "storage_account_create", effect: "mutating", arguments: { account: "st1" } };
const required = (digest: string, preview: Preview | null, preview_state: string, expires_at = DEADLINE) =>
  ({ type: "approval_required", approval_id: "k0a", call_id: "k0", digest, by: "asker", expires_at, preview, preview_state }) as const;
const decided = (decision: string, reason: string | null = null) => ({ type: "approval_decided", approval_id: "k0a", call_id: "k0", decision, reason }) as const;

function logOf(...told: object[]): TurnLog {
  const events = [{ type: "turn_started" }, { type: "model_started", step: 0, model: "talker" }, REQUESTED, ...told].map(
    (event, index) => ({ at: AT, ...event, seq: index + 1, turn_id: "t1" }) as TurnEvent,
  );
  return reduceEvents(emptyTurnLog("t1"), events);
}
const callOf = (log: TurnLog) => log.steps[0]!.calls[0]!;

const call: Call = {
  call_id: "k0",
  step: 0,
  server: "azure",
  tool: "storage_account_create",
  effect: "mutating",
  secret: false,
  arguments: { account: "st1" } as unknown as Call["arguments"],
  state: "awaiting_approval",
  outcome: null,
  attempt: 0,
  approval: null,
};
const summary = (extra: Partial<NonNullable<Call["approval"]>>): NonNullable<Call["approval"]> => ({
  approval_id: "k0a",
  by: "asker",
  digest: "d1",
  expires_at: DEADLINE,
  state: "pending",
  decision: null,
  preview: creates,
  preview_state: "shown",
  drifts: 0,
  can_remember: false,
  ...extra,
});
const turn = (extra: Partial<Call>): Turn => ({
  id: "t1",
  conversation_id: "c1",
  kind: "chat",
  status: "running",
  message_id: "m-u",
  model: "talker",
  mode: "review",
  created_at: AT,
  updated_at: AT,
  step: 0,
  calls: [{ ...call, ...extra }],
  usage: { input_tokens: 0, output_tokens: 0 },
  event_seq: 4,
  events_url: "",
});

describe("what a call would do", () => {
  it("is the same from events and from the stored turn", () => {
    const live = logOf(required("d1", creates, "shown"));
    expect(callOf(live)).toMatchObject({ status: "waiting_approval", approval: { preview: creates, previewState: "shown", drifts: 0 } });
    expect(snapshotLog(turn({ approval: summary({}) }), []).steps).toEqual(live.steps);
  });

  it.each(["none", "failed", "late"])("may be told by nobody: %s", (why) => {
    const live = logOf(required("d1", null, why));
    expect(callOf(live).approval).toMatchObject({ preview: null, previewState: why });
    expect(snapshotLog(turn({ approval: summary({ preview: null, preview_state: why }) }), []).steps).toEqual(live.steps);
  });
});

describe("what a call would do has changed after a yes", () => {
  const superseded = logOf(required("d1", creates, "shown"), decided("approved"), decided("superseded", "It changed."));

  it("takes the yes back, and reads it anew", () => {
    expect(callOf(superseded)).toMatchObject({ status: "previewing", approval: { id: "k0a", decision: null, reason: null, drifts: 1 } });
    const stored = snapshotLog(turn({ state: "previewing", approval: summary({ state: "superseded", drifts: 1 }) }), []);
    expect(stored.steps).toEqual(superseded.steps);
  });

  it("asks with another digest, another preview and another deadline", () => {
    const again = reduceEvents(superseded, [{ ...required("d2", changes, "shown", LATER), at: AT, turn_id: "t1", seq: superseded.lastSeq + 1 } as TurnEvent]);
    expect(callOf(again)).toMatchObject({
      status: "waiting_approval",
      approval: { id: "k0a", digest: "d2", preview: changes, previewState: "shown", expiresAt: LATER, decision: null, drifts: 1 },
    });
  });

  it("counts every time", () => {
    const twice = logOf(
      required("d1", creates, "shown"),
      decided("approved"),
      decided("superseded"),
      required("d2", changes, "shown"),
      decided("approved"),
      decided("superseded"),
      required("d1", null, "late"),
    );
    expect(callOf(twice).approval).toMatchObject({ drifts: 2, digest: "d1", preview: null, previewState: "late" });
  });

  it("keeps on record that an approval counted no longer when the call was denied for it", () => {
    const stored = snapshotLog(turn({ state: "denied", outcome: "denied", approval: summary({ state: "superseded", drifts: 4 }) }), []);
    expect(callOf(stored)).toMatchObject({ status: "denied", approval: { decision: "superseded", drifts: 4 } });
  });
});

describe("a read after nobody knew how the call ended", () => {
  const unknown = { type: "tool_call_finished", call_id: "k0", outcome: "unknown", note: "The line was cut." };

  it.each(["as_asked", "not_as_asked", "unclear"] as const)("is known: %s", (finding) => {
    const live = logOf({ type: "tool_call_started", call_id: "k0", attempt: 1 }, unknown, { type: "tool_call_checked", call_id: "k0", finding, at: LATER });
    expect(callOf(live)).toMatchObject({ status: "unknown", note: "The line was cut.", checked: { finding, at: LATER } });
    const stored = snapshotLog(turn({ state: "unknown", outcome: "unknown", checked: { finding, at: LATER } }), []);
    expect(callOf(stored)).toMatchObject({ status: "unknown", checked: { finding, at: LATER } });
  });

  it("is missing as long as nobody has looked", () => {
    expect(callOf(logOf(unknown)).checked).toBeNull();
  });
});

describe("a call of which events leave open what it waits for", () => {
  const previewing = turn({ state: "previewing" });

  it("is looked at when the stored turn says so", () => {
    const live = logOf();
    expect(callOf(live).status).toBe("queued");
    expect(callOf(withPreviewing(live, previewing)).status).toBe("previewing");
    expect(withPreviewing(live, turn({ state: "queued" }))).toBe(live);
  });

  it.each([
    ["somebody was asked", [required("d1", creates, "shown")]],
    ["somebody has agreed", [required("d1", creates, "shown"), decided("approved")]],
    ["it runs", [{ type: "tool_call_started", call_id: "k0", attempt: 1 }]],
    ["it has ended", [{ type: "tool_call_finished", call_id: "k0", outcome: "cancelled" }]],
  ])("is not looked at any more once %s, whatever an older reading said", (_, told) => {
    const live = logOf(...told);
    expect(withPreviewing(live, previewing)).toBe(live);
  });
});
