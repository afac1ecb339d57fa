import { describe, expect, it } from "vitest";

import type { Call, Message, Turn, TurnEvent } from "@/api/types";

import { emptyTurnLog, reduceEvents } from "./turn-log";
import { snapshotLog, textLog, untoldCall, withFacts } from "./turn-snapshot";

const AT = "2026-11-24T00:00:00.000Z";
const LATER = "2026-11-24T00:00:09.000Z";

const call: Call = {
  call_id: "k0",
  step: 0,
  server: "azure",
  tool: "storage_account_create",
  effect: "mutating",
  secret: false,
  arguments: { account: "st1" } as unknown as Call["arguments"],
  state: "finished",
  outcome: "ok",
  attempt: 1,
  preview: "{}",
  result: { sha256: "00", size_bytes: 2, truncated: false },
  duration_ms: 12,
  note: null,
  approval: null,
};

const turn = (extra: Partial<Turn>): Turn => ({
  id: "t1",
  conversation_id: "c1",
  kind: "chat",
  status: "done",
  message_id: "m-u",
  model: "talker",
  mode: "review",
  created_at: AT,
  updated_at: LATER,
  step: 1,
  calls: [call],
  usage: { input_tokens: 3, output_tokens: 4 },
  event_seq: 9,
  events_url: "",
  ...extra,
});

const said = (step: number, text: string): Message => ({
  id: `m-s${step}`,
  turn_id: "t1",
  author: "assistant",
  at: LATER,
  text,
  step,
});

describe("a stored turn", () => {
  it("gives the log that its events give", () => {
    const events: TurnEvent[] = (
      [
        { type: "turn_started" },
        { type: "model_started", step: 0, model: "talker" },
        { type: "text_delta", step: 0, text: "I will " },
        { type: "text_delta", step: 0, text: "create it." },
        { type: "message_completed", message_id: "m-s0" },
        { type: "tool_call_requested", call_id: "k0", server: "azure", tool: "storage_account_create", effect: "mutating", arguments: { account: "st1" } },
        { type: "tool_call_started", call_id: "k0", attempt: 1 },
        { type: "tool_call_finished", call_id: "k0", outcome: "ok", duration_ms: 12, preview: "{}", result_ref: { sha256: "00", size_bytes: 2, truncated: false } },
        { type: "model_started", step: 1, model: "talker" },
        { type: "text_delta", step: 1, text: "Done." },
        { type: "usage", input_tokens: 3, output_tokens: 4 },
        { type: "message_completed", message_id: "m-s1" },
        { type: "turn_completed" },
      ] as Partial<TurnEvent>[]
    ).map((event, index, all) => ({ ...event, seq: index + 1, turn_id: "t1", at: index === all.length - 1 ? LATER : AT }) as TurnEvent);
    const live = reduceEvents(emptyTurnLog("t1"), events);
    const stored = snapshotLog(turn({ event_seq: events.length }), [said(1, "Done."), said(0, "I will create it.")]);
    // Only events know when an attempt began and ended.
    Object.assign(live.steps[0]!.calls[0]!, { startedAt: null, endedAt: stored.endedAt });
    expect(stored).toEqual(withFacts(live, turn({})));
  });

  it.each([
    ["waiting", { for: "approval", expires_at: LATER }, "waiting_approval"],
    ["waiting", { for: "azure_sign_in", expires_at: LATER }, "waiting_azure_sign_in"],
    ["running", null, "running_tool"],
    ["failed", null, "failed"],
    ["cancelled", null, "cancelled"],
  ] as const)("that is %s for %o is %s", (status, waiting_for, phase) => {
    const open: Call = { ...call, outcome: null, state: "started" };
    expect(snapshotLog(turn({ status, waiting_for, step: 0, calls: [open] }), []).phase).toBe(phase);
  });

  it.each([
    ["awaiting_approval", null, "waiting_approval"],
    ["previewing", null, "previewing"],
    ["queued", null, "queued"],
    ["awaiting_sign_in", null, "queued"],
    ["started", null, "running"],
    ["finished", "error", "error"],
    ["unknown", "unknown", "unknown"],
    ["denied", "denied", "denied"],
    ["cancelled", "cancelled", "cancelled"],
    ["not_run", "not_run", "not_run"],
  ] as const)("shows a call that is %s (%s) as %s", (state, outcome, status) => {
    expect(snapshotLog(turn({ calls: [{ ...call, state, outcome }] }), []).steps[0]?.calls[0]?.status).toBe(status);
  });

  it("knows an approval that has expired from one that was refused", () => {
    const approval = { approval_id: "a", by: "asker", digest: "d", expires_at: LATER, state: "expired", decision: null, preview_state: "none", drifts: 0, can_remember: false } as const;
    const shown = snapshotLog(turn({ calls: [{ ...call, state: "denied", outcome: "denied", approval }] }), []).steps[0]?.calls[0];
    expect(shown?.status).toBe("expired");
    expect(shown?.approval).toMatchObject({ id: "a", decision: "expired" });
  });
});

describe("a turn of which only the messages are known", () => {
  it("shows what was said", () => {
    expect(textLog("t1", [said(2, "b"), said(0, "a")]).steps.map(({ text }) => text)).toEqual(["a", "b"]);
    expect(textLog("t1", [said(0, "a")]).phase).toBe("done");
    expect(textLog("t1", []).phase).toBe("queued");
  });
});

describe("what only the stored turn tells", () => {
  const requested = { type: "tool_call_requested", call_id: "k0", server: "azure", tool: "keyvault_secret_get", effect: "read_only", arguments: {} };
  const required = { type: "approval_required", approval_id: "k0a", call_id: "k0", digest: "d", by: "another_approver", expires_at: LATER, preview_state: "none" };
  const live = (...told: object[]) =>
    reduceEvents(
      emptyTurnLog("t1"),
      told.map((event, index) => ({ at: AT, turn_id: "t1", ...event, seq: index + 1 }) as TurnEvent),
    );
  const holds = turn({ status: "waiting", mode: "read_only", calls: [{ ...call, secret: true }] });

  it("is the mode, and which calls hold a secret", () => {
    const log = withFacts(live(requested, required), holds);
    expect([log.mode, log.steps[0]!.calls[0]!.secret]).toEqual(["read_only", true]);
    expect(withFacts(log, holds)).toBe(log);
    expect(withFacts(live(requested), turn({ calls: [] })).steps[0]!.calls[0]!.secret).toBe(false);
  });

  it("is looked for once more when it is older than a call that waits", () => {
    const older = turn({ calls: [] });
    expect(untoldCall(live(requested), older)).toBeUndefined();
    expect(untoldCall(live(requested, required), older)).toBe("k0");
    expect(untoldCall(live(requested, required), holds)).toBeUndefined();
  });
});
