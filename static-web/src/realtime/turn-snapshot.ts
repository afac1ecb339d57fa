/** The stored form of a turn, in the shape that its events give: one component shows both. */
import type { Call, Message, Turn } from "@/api/types";

import type { CallApproval, CallLog, CallStatus, StepLog, TurnLog, TurnPhase } from "./turn-log";

/** `messages`: those that the assistant wrote in this turn, in any order. */
export function snapshotLog(turn: Turn, messages: readonly Message[]): TurnLog {
  const steps = new Map<number, StepLog>();
  const at = (number: number): StepLog => {
    let step = steps.get(number);
    if (step === undefined) {
      step = { step: number, text: "", messageId: null, calls: [] };
      steps.set(number, step);
    }
    return step;
  };
  for (const message of messages) {
    if (message.author !== "assistant" || message.turn_id !== turn.id) continue;
    const step = at(message.step ?? turn.step);
    step.text = message.text;
    step.messageId = message.id;
  }
  for (const call of turn.calls) at(call.step).calls.push(snapshotCall(call, turn.updated_at));
  const ended = turn.status === "done" || turn.status === "failed" || turn.status === "cancelled";
  return {
    turnId: turn.id,
    lastSeq: turn.event_seq,
    phase: phaseOf(turn),
    model: turn.model,
    mode: turn.mode,
    startedAt: turn.created_at,
    endedAt: ended ? turn.updated_at : null,
    steps: [...steps.values()].sort((a, b) => a.step - b.step),
    ahead: null,
    usage: { input: turn.usage.input_tokens, output: turn.usage.output_tokens },
    error: turn.error ?? null,
  };
}

/**
 * Events do not tell that what a call would do is being read, before anybody is asked the first
 * time; the stored turn does. It may be older than `log`: that wait ends with an event.
 */
export function withPreviewing(log: TurnLog, turn: Turn): TurnLog {
  const previewing = new Set(turn.calls.filter((call) => call.state === "previewing").map((call) => call.call_id));
  const isRead = (call: CallLog) => mayBePreviewing(call) && previewing.has(call.id);
  if (!log.steps.some((step) => step.calls.some(isRead))) return log;
  const shown = (call: CallLog): CallLog => (isRead(call) ? { ...call, status: "previewing" } : call);
  return { ...log, steps: log.steps.map((step) => (step.calls.some(isRead) ? { ...step, calls: step.calls.map(shown) } : step)) };
}

/** Events tell neither a turn's mode nor which of its calls hold a secret; the stored turn does. */
export function withFacts(log: TurnLog, turn: Turn): TurnLog {
  const secret = new Set(turn.calls.filter((call) => call.secret).map((call) => call.call_id));
  const isNews = (call: CallLog) => !call.secret && secret.has(call.id);
  const told = log.steps.some((step) => step.calls.some(isNews))
    ? { ...log, steps: log.steps.map((step) => ({ ...step, calls: step.calls.map((call) => (isNews(call) ? { ...call, secret: true } : call)) })) }
    : log;
  return told.mode === turn.mode ? told : { ...told, mode: turn.mode };
}

/** A call that waited for a yes, of which an older stored turn cannot say whether it holds a secret. */
export function untoldCall(log: TurnLog, turn: Turn): string | undefined {
  const known = new Set(turn.calls.map((call) => call.call_id));
  return log.steps.flatMap((step) => step.calls).find((call) => call.approval !== null && !known.has(call.id))?.id;
}

/** Events leave open whether it waits to run or is looked at first. */
export function mayBePreviewing(call: CallLog): boolean {
  return call.status === "queued" && call.effect !== "read_only" && call.approval === null;
}

/** What is known of a turn before its state was read: what it has said. */
export function textLog(turnId: string, messages: readonly Message[]): TurnLog {
  const said = messages.filter((message) => message.author === "assistant" && message.turn_id === turnId);
  return {
    turnId,
    lastSeq: 0,
    phase: said.length > 0 ? "done" : "queued",
    model: said[0]?.model ?? null,
    mode: null,
    startedAt: null,
    endedAt: null,
    steps: said
      .map((message) => ({ step: message.step ?? 0, text: message.text, messageId: message.id, calls: [] }))
      .sort((a, b) => a.step - b.step),
    ahead: null,
    usage: { input: 0, output: 0 },
    error: null,
  };
}

function phaseOf(turn: Turn): TurnPhase {
  switch (turn.status) {
    case "done":
    case "failed":
    case "cancelled":
      return turn.status;
    case "waiting":
      return turn.waiting_for?.for === "azure_sign_in" ? "waiting_azure_sign_in" : "waiting_approval";
    case "running":
    case "cancelling":
      return turn.calls.some((call) => call.step === turn.step && call.outcome == null) ? "running_tool" : "thinking";
  }
}

function snapshotCall(call: Call, updatedAt: string): CallLog {
  return {
    id: call.call_id,
    step: call.step,
    server: call.server,
    tool: call.tool,
    effect: call.effect,
    secret: call.secret,
    arguments: call.arguments as Record<string, unknown>,
    status: statusOf(call),
    attempt: call.attempt,
    startedAt: null,
    durationMs: call.duration_ms ?? null,
    endedAt: call.outcome == null ? null : updatedAt,
    progress: null,
    preview: call.preview ?? null,
    result: call.result ?? null,
    note: call.note ?? null,
    approval: approvalOf(call),
    checked: call.checked ?? null,
    ...(call.standing_approval == null ? {} : { standing: call.standing_approval.kind }),
  };
}

function statusOf(call: Call): CallStatus {
  if (call.approval?.state === "expired") return "expired";
  if (call.outcome != null) return call.outcome;
  switch (call.state) {
    case "previewing":
      return "previewing";
    case "awaiting_approval":
      return "waiting_approval";
    case "started":
      return "running";
    default:
      return "queued";
  }
}

function approvalOf(call: Call): CallApproval | null {
  if (call.approval == null) return null;
  const { approval_id, by, digest, expires_at, preview, preview_state, drifts, state, decision } = call.approval;
  const isAskedAnew = call.state === "previewing";
  return {
    id: approval_id,
    by,
    digest,
    expiresAt: expires_at,
    preview: preview ?? null,
    previewState: preview_state,
    decision: state === "pending" || isAskedAnew ? null : state,
    reason: decision?.reason ?? null,
    drifts,
  };
}
