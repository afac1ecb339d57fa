/**
 * What is known of a turn from its events: a pure reduction, so that a replay from any
 * number gives the same log.
 */
import type { Effect, Finding, Mode, Outcome, Preview, ToolResultRef, TurnEvent } from "@/api/types";

export type TurnPhase =
  | "queued"
  | "thinking"
  | "writing"
  | "running_tool"
  | "waiting_approval"
  | "waiting_azure_sign_in"
  | "done"
  | "failed"
  | "cancelled";

export type CallStatus =
  | "queued"
  /** What it would do is being read, before anybody is asked. */
  | "previewing"
  | "waiting_approval"
  | "running"
  | "ok"
  | "error"
  | "unknown"
  | "denied"
  | "expired"
  | "cancelled"
  | "not_run";

export interface CallApproval {
  id: string;
  by: "asker" | "another_approver";
  digest: string;
  expiresAt: string;
  /** What the call would do, as it was read. */
  preview: Preview | null;
  /** `shown`, or why there is no preview: `none`, `failed`, `late`. */
  previewState: string;
  /** `null` while nobody has decided. */
  decision: string | null;
  reason: string | null;
  /** How often a yes was lost because what the call would do had changed; as far as is known. */
  drifts: number;
}

/** What a read found after nobody knew how the call had ended. */
export interface CallCheck {
  finding: Finding;
  at: string;
}

export interface CallLog {
  id: string;
  step: number;
  server: string;
  tool: string;
  effect: Effect;
  /** Arguments or result hold a secret; as far as is known. */
  secret: boolean;
  arguments: Record<string, unknown>;
  status: CallStatus;
  attempt: number;
  startedAt: string | null;
  durationMs: number | null;
  /** Not later than this; `null` while it has not ended. */
  endedAt: string | null;
  progress: string | null;
  /** The whole result when it is at most 1 KB, else its beginning. */
  preview: string | null;
  result: ToolResultRef | null;
  note: string | null;
  approval: CallApproval | null;
  checked: CallCheck | null;
  /** What stood for the yes that it needed, where nobody was asked; events do not tell. */
  standing?: "conversation" | "setting";
}

export interface StepLog {
  step: number;
  text: string;
  messageId: string | null;
  calls: CallLog[];
}

export interface TurnLog {
  turnId: string;
  lastSeq: number;
  phase: TurnPhase;
  model: string | null;
  /** `null` as long as nobody has told it. */
  mode: Mode | null;
  startedAt: string | null;
  endedAt: string | null;
  steps: StepLog[];
  /** What of a step's text is in no event yet. */
  ahead: { step: number; length: number } | null;
  usage: { input: number; output: number };
  error: { code: string; message: string } | null;
}

/** Text that is in no event yet. */
export interface TextAhead {
  step: number;
  /** All of it. */
  text: string;
}

export function emptyTurnLog(turnId: string): TurnLog {
  return {
    turnId,
    lastSeq: 0,
    phase: "queued",
    model: null,
    mode: null,
    startedAt: null,
    endedAt: null,
    steps: [],
    ahead: null,
    usage: { input: 0, output: 0 },
    error: null,
  };
}

export function hasEnded(log: TurnLog): boolean {
  return log.phase === "done" || log.phase === "failed" || log.phase === "cancelled";
}

/**
 * Adds events. Those that are known already are skipped; the caller never leaves a gap. The
 * first one takes back what was shown ahead of it, whatever it says.
 */
export function reduceEvents(log: TurnLog, events: readonly TurnEvent[]): TurnLog {
  return events.reduce(
    (now, event) => (event.seq === now.lastSeq + 1 ? { ...reduce(withoutAhead(now), event), lastSeq: event.seq } : now),
    log,
  );
}

/** Shows text that is in no event yet, in the place of what was shown so before. */
export function withAhead(log: TurnLog, ahead: TextAhead | null): TurnLog {
  const events = withoutAhead(log);
  if (ahead === null || ahead.text === "" || hasEnded(events)) return events;
  const shown = withStep(events, ahead.step, (step) => ({ ...step, text: step.text + ahead.text }));
  return { ...shown, phase: "writing", ahead: { step: ahead.step, length: ahead.text.length } };
}

function withoutAhead(log: TurnLog): TurnLog {
  if (log.ahead === null) return log;
  const { step: number, length } = log.ahead;
  return { ...withStep(log, number, (step) => ({ ...step, text: step.text.slice(0, -length) })), ahead: null };
}

function reduce(log: TurnLog, event: TurnEvent): TurnLog {
  switch (event.type) {
    case "turn_started":
      return { ...log, phase: "thinking", startedAt: event.at };
    case "model_started":
      return { ...withStep(log, event.step, (step) => step), phase: "thinking", model: event.model };
    case "model_restarted":
      return { ...withStep(log, event.step, (step) => ({ ...step, text: "" })), phase: "thinking" };
    case "text_delta":
      return { ...withStep(log, event.step, (step) => ({ ...step, text: step.text + event.text })), phase: "writing" };
    case "message_completed":
      return withLastStep(log, (step) => ({ ...step, messageId: event.message_id }));
    case "tool_call_requested":
      return {
        ...withLastStep(log, (step) => ({ ...step, calls: [...step.calls, requested(step.step, event)] })),
        phase: "running_tool",
      };
    case "approval_required":
      return {
        ...withCall(log, event.call_id, (call) => ({
          ...call,
          status: "waiting_approval",
          approval: {
            id: event.approval_id,
            by: event.by,
            digest: event.digest,
            expiresAt: event.expires_at,
            preview: event.preview ?? null,
            previewState: event.preview_state,
            decision: null,
            reason: null,
            drifts: call.approval?.drifts ?? 0,
          },
        })),
      };
    case "approval_decided":
      if (event.decision === "superseded") return withCall(log, event.call_id, superseded);
      return withCall(log, event.call_id, (call) => ({
        ...call,
        status: event.decision === "approved" ? "queued" : event.decision === "expired" ? "expired" : "denied",
        approval: call.approval && { ...call.approval, decision: event.decision, reason: event.reason ?? null },
      }));
    case "tool_call_started":
      return {
        ...withCall(log, event.call_id, (call) => ({ ...call, status: "running", attempt: event.attempt, startedAt: event.at })),
        phase: "running_tool",
      };
    case "tool_call_progress":
      return withCall(log, event.call_id, (call) => ({ ...call, progress: event.message }));
    case "tool_call_finished":
      return withCall(log, event.call_id, (call) => ({
        ...call,
        status: call.approval?.decision === "expired" ? "expired" : outcomeStatus(event.outcome),
        durationMs: event.duration_ms ?? null,
        endedAt: event.at,
        progress: null,
        preview: event.preview ?? null,
        result: event.result_ref ?? null,
        note: event.note ?? null,
      }));
    case "tool_call_checked":
      return withCall(log, event.call_id, (call) => ({ ...call, checked: { finding: event.finding, at: event.at } }));
    case "usage":
      return {
        ...log,
        usage: { input: log.usage.input + event.input_tokens, output: log.usage.output + event.output_tokens },
      };
    case "turn_waiting":
      return { ...log, phase: event.for === "approval" ? "waiting_approval" : "waiting_azure_sign_in" };
    case "turn_resumed":
      return { ...log, phase: "running_tool" };
    case "turn_completed":
      return { ...log, phase: "done", endedAt: event.at };
    case "turn_failed":
      return { ...log, phase: "failed", endedAt: event.at, error: { code: event.code, message: event.message } };
    case "turn_cancelled":
      return { ...log, phase: "cancelled", endedAt: event.at };
    default:
      // A newer API may tell more than this build knows.
      return log;
  }
}

function requested(step: number, event: Extract<TurnEvent, { type: "tool_call_requested" }>): CallLog {
  return {
    id: event.call_id,
    step,
    server: event.server,
    tool: event.tool,
    effect: event.effect,
    secret: false,
    arguments: event.arguments as Record<string, unknown>,
    status: "queued",
    attempt: 0,
    startedAt: null,
    durationMs: null,
    endedAt: null,
    progress: null,
    preview: null,
    result: null,
    note: null,
    approval: null,
    checked: null,
  };
}

/** The yes is gone; what the call would do is read anew, and then somebody is asked again. */
function superseded(call: CallLog): CallLog {
  const { approval } = call;
  return { ...call, status: "previewing", approval: approval && { ...approval, decision: null, reason: null, drifts: approval.drifts + 1 } };
}

function outcomeStatus(outcome: Outcome): CallStatus {
  return outcome;
}

function withStep(log: TurnLog, step: number, change: (step: StepLog) => StepLog): TurnLog {
  const index = log.steps.findIndex((known) => known.step === step);
  if (index < 0) return { ...log, steps: [...log.steps, change({ step, text: "", messageId: null, calls: [] })] };
  return { ...log, steps: log.steps.with(index, change(log.steps[index]!)) };
}

function withLastStep(log: TurnLog, change: (step: StepLog) => StepLog): TurnLog {
  return withStep(log, log.steps.at(-1)?.step ?? 0, change);
}

function withCall(log: TurnLog, id: string, change: (call: CallLog) => CallLog): TurnLog {
  const owner = log.steps.findIndex((step) => step.calls.some((call) => call.id === id));
  if (owner < 0) return log;
  const step = log.steps[owner]!;
  return {
    ...log,
    steps: log.steps.with(owner, { ...step, calls: step.calls.map((call) => (call.id === id ? change(call) : call)) }),
  };
}
