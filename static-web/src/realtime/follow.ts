/**
 * Follows the events of one turn to its end, over server-sent events, or by long poll where
 * a stream does not get through.
 *
 * Invariant: what `onEvents` receives is contiguous from `after + 1` on, each number once,
 * however often the connection breaks.
 */
import { createParser } from "eventsource-parser";

import { problemOf, ProblemError } from "@/api/problem";
import type { TurnEvent } from "@/api/types";

import type { TextAhead } from "./turn-log";

export type Connection = "connecting" | "open" | "reconnecting";
export type FollowEnd = "ended" | "expired" | "aborted";

export interface FollowOptions {
  turnId: string;
  /** The number of the last event that is known. */
  after: number;
  transport: "sse" | "long_poll";
  signal: AbortSignal;
  /** `fetch` as the signed-in person, to a path such as `/v1/turns/…`. */
  request(path: string, init: RequestInit): Promise<Response>;
  onEvents(events: TurnEvent[]): void;
  /** What is said behind the last event and in none yet; the next event takes it back. `null`: it counts no more. */
  onAhead?(ahead: TextAhead | null): void;
  onConnection(connection: Connection): void;
  /** Calls back when another try is worth while at once, such as when the network is there again. */
  onWake?(callback: () => void): () => void;
  timings?: Partial<Timings>;
}

interface Timings {
  /** The stream has a heartbeat every 15 s; silence beyond this is a dead connection. */
  silenceMs: number;
  /** A stream whose first bytes stay away this long is held back by something between. */
  firstByteMs: number;
  backoffMinMs: number;
  backoffMaxMs: number;
}

const TIMINGS: Timings = { silenceMs: 17_000, firstByteMs: 5_000, backoffMinMs: 500, backoffMaxMs: 30_000 };

/** So many streams in a row that give not one byte, and it is long poll from there on. */
const STREAMS_IN_VAIN = 2;

const LAST: ReadonlySet<string> = new Set(["turn_completed", "turn_failed", "turn_cancelled"]);

/** Throws `ProblemError` when the turn cannot be read: 401, 403, 404. */
export async function followTurn(options: FollowOptions): Promise<FollowEnd> {
  const timings = { ...TIMINGS, ...options.timings };
  let after = options.after;
  let ended = false;
  let inVain = 0;
  let failures = 0;

  /** False: there is a gap, and the reader begins again after the last one known. */
  const take = (events: TurnEvent[]): boolean => {
    const fresh: TurnEvent[] = [];
    let whole = true;
    for (const event of events) {
      if (event.seq <= after) continue;
      if (event.seq !== after + 1) {
        whole = false;
        break;
      }
      after = event.seq;
      ended ||= LAST.has(event.type);
      fresh.push(event);
    }
    if (fresh.length > 0) {
      failures = 0;
      options.onEvents(fresh);
    }
    return whole;
  };

  options.onConnection("connecting");
  while (!ended && !options.signal.aborted) {
    let silent = true;
    const streaming = options.transport === "sse" && inVain < STREAMS_IN_VAIN;
    try {
      const how = streaming
        ? await readStream(options, timings, after, take, () => {
            silent = false;
          })
        : await readPage(options, after, take);
      if (how === "expired") return "expired";
      if (how === "closed") {
        ended = true;
        break;
      }
      failures = 0;
      if (streaming) inVain = 0;
    } catch (error) {
      if (options.signal.aborted) break;
      if (error instanceof ProblemError && error.status < 500 && error.status !== 429) throw error;
      // Where long poll fails too it is not the stream's fault: the next try is a stream again.
      inVain = streaming ? (silent ? inVain + 1 : 0) : STREAMS_IN_VAIN - 1;
      failures += 1;
      options.onConnection("reconnecting");
      const asked = error instanceof ProblemError && error.retryAfter !== null ? error.retryAfter * 1000 : 0;
      await pause(Math.max(asked, backoff(failures, timings)), options);
    }
  }
  return ended ? "ended" : "aborted";
}

type Read = "again" | "closed" | "expired";

async function readStream(
  options: FollowOptions,
  timings: Timings,
  after: number,
  take: (events: TurnEvent[]) => boolean,
  onBytes: () => void,
): Promise<Read> {
  const connection = new AbortController();
  const abort = () => connection.abort();
  options.signal.addEventListener("abort", abort, { once: true });
  let ahead = null as TextAhead | null;
  let toldAhead = false;
  let watchdog = setTimeout(abort, timings.firstByteMs);
  const alive = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(abort, timings.silenceMs);
  };
  try {
    const response = await options.request(`/v1/turns/${options.turnId}/events?after=${after}&ahead=true`, {
      headers: { accept: "text/event-stream" },
      signal: connection.signal,
    });
    if (response.status === 410) return "expired";
    if (!response.ok) throw await problemOf(response);
    if (response.body === null || !response.headers.get("content-type")?.startsWith("text/event-stream")) {
      throw new TypeError("no event stream");
    }
    let last = false;
    let planned = false;
    let batch: TurnEvent[] = [];
    const parser = createParser({
      onEvent(message) {
        if (message.event === "reconnect") planned = true;
        else if (message.data !== "") {
          if (message.event === "text_ahead") {
            const more = JSON.parse(message.data) as { step: number; ahead: string };
            ahead = { step: more.step, text: (ahead?.text ?? "") + more.ahead };
            return;
          }
          const event = JSON.parse(message.data) as TurnEvent;
          last ||= LAST.has(event.type);
          ahead = null;
          batch.push(event);
        }
      },
    });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      alive();
      onBytes();
      options.onConnection("open");
      parser.feed(value);
      if (batch.length > 0) {
        const whole = take(batch);
        batch = [];
        if (!whole) throw new TypeError("an event is missing");
        toldAhead = false;
      }
      if (ahead !== null) {
        options.onAhead?.(ahead);
        toldAhead = true;
      }
      if (last || planned) {
        void reader.cancel();
        return "again";
      }
    }
    // An end that nobody announced.
    throw new TypeError("the stream broke off");
  } finally {
    if (toldAhead) options.onAhead?.(null);
    clearTimeout(watchdog);
    options.signal.removeEventListener("abort", abort);
  }
}

async function readPage(options: FollowOptions, after: number, take: (events: TurnEvent[]) => boolean): Promise<Read> {
  const response = await options.request(`/v1/turns/${options.turnId}/events?after=${after}&wait=25`, {
    headers: { accept: "application/json" },
    signal: options.signal,
  });
  if (response.status === 410) return "expired";
  if (!response.ok) throw await problemOf(response);
  options.onConnection("open");
  const page = (await response.json()) as { items: TurnEvent[]; ended: boolean };
  if (!take(page.items)) throw new TypeError("an event is missing");
  return page.ended && page.items.length === 0 ? "closed" : "again";
}

/** Exponential, with jitter, so that many readers do not come back at once. */
function backoff(failures: number, timings: Timings): number {
  const full = Math.min(timings.backoffMaxMs, timings.backoffMinMs * 2 ** (failures - 1));
  return full / 2 + Math.random() * (full / 2);
}

function pause(ms: number, { signal, onWake }: FollowOptions): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      asleep?.();
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    const asleep = onWake?.(done);
  });
}
