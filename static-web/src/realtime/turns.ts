/**
 * The turns that this tab follows. Text arrives faster than a screen can show it: events are
 * gathered and applied together, a few frames apart.
 */
import { create } from "zustand";

import { apiUrl, authorizedFetch } from "@/api/client";
import type { TurnEvent } from "@/api/types";

import type { Connection, FollowEnd } from "./follow";
import { startOnline } from "./online";
import { emptyTurnLog, hasEnded, reduceEvents, withAhead, type TextAhead, type TurnLog } from "./turn-log";

interface TurnsState {
  logs: Record<string, TurnLog>;
  connections: Record<string, Connection | FollowEnd>;
}

export const useTurns = create<TurnsState>(() => ({ logs: {}, connections: {} }));

/** Only a turn that runs is read as it comes: what reads it is here once the page stands. */
export const loadFollow = () => import("./follow");

let transport: "sse" | "long_poll" = "sse";

export function startRealtime(kind: "sse" | "long_poll"): void {
  transport = kind;
  startOnline();
}

const followed = new Map<string, { abort: AbortController; readers: number; end: Promise<FollowEnd> }>();

/**
 * Follows a turn until it ends or nobody needs it any more. Several readers share one
 * connection; call the function that is returned once per reader.
 */
export function follow(turnId: string): () => void {
  let entry = followed.get(turnId);
  if (entry === undefined) {
    const abort = new AbortController();
    entry = { abort, readers: 0, end: run(turnId, abort.signal) };
    followed.set(turnId, entry);
  }
  const held = entry;
  held.readers += 1;
  let released = false;
  return () => {
    if (released) return;
    released = true;
    held.readers -= 1;
    if (held.readers === 0) {
      held.abort.abort();
      if (followed.get(turnId) === held) followed.delete(turnId);
    }
  };
}

async function run(turnId: string, signal: AbortSignal): Promise<FollowEnd> {
  const known = useTurns.getState().logs[turnId] ?? emptyTurnLog(turnId);
  if (useTurns.getState().logs[turnId] === undefined) setLog(known);
  if (hasEnded(known)) {
    setConnection(turnId, "ended");
    return "ended";
  }
  try {
    const { followTurn } = await loadFollow();
    const end = await followTurn({
      turnId,
      after: known.lastSeq,
      transport,
      signal,
      request: (path, init) => authorizedFetch(new Request(apiUrl(path), init)),
      onEvents: (events) => gather(turnId, events, null),
      onAhead: (ahead) => gather(turnId, [], ahead),
      onConnection: (connection) => setConnection(turnId, connection),
      onWake(callback) {
        window.addEventListener("online", callback);
        return () => window.removeEventListener("online", callback);
      },
    });
    // What is gathered belongs to what has ended.
    if (end !== "aborted") apply();
    setConnection(turnId, end);
    return end;
  } catch {
    apply();
    setConnection(turnId, "expired");
    return "expired";
  }
}

interface Gathered {
  events: TurnEvent[];
  /** Behind them. */
  ahead: TextAhead | null;
}

const gathered = new Map<string, Gathered>();
let frame: number | undefined;

function gather(turnId: string, events: TurnEvent[], ahead: TextAhead | null): void {
  const waiting = gathered.get(turnId);
  if (waiting === undefined) gathered.set(turnId, { events, ahead });
  else {
    waiting.events.push(...events);
    waiting.ahead = ahead;
  }
  // A hidden tab has no frames; its log goes on all the same.
  if (document.hidden) apply();
  else frame ??= requestAnimationFrame(onFrame);
}

/** Nobody reads faster; what is not drawn leaves the frames between to scrolling and typing. */
const APART_MS = navigator.hardwareConcurrency > 4 ? 24 : 40;

let appliedAt = 0;

function onFrame(now: number): void {
  if (now - appliedAt < APART_MS) {
    frame = requestAnimationFrame(onFrame);
    return;
  }
  appliedAt = now;
  apply();
}

function apply(): void {
  if (frame !== undefined) cancelAnimationFrame(frame);
  frame = undefined;
  if (gathered.size === 0) return;
  useTurns.setState((state) => {
    const logs = { ...state.logs };
    for (const [turnId, { events, ahead }] of gathered) {
      logs[turnId] = withAhead(reduceEvents(logs[turnId] ?? emptyTurnLog(turnId), events), ahead);
    }
    return { logs };
  });
  gathered.clear();
}

document.addEventListener("visibilitychange", apply);

function setLog(log: TurnLog): void {
  useTurns.setState((state) => ({ logs: { ...state.logs, [log.turnId]: log } }));
}

function setConnection(turnId: string, connection: Connection | FollowEnd): void {
  if (useTurns.getState().connections[turnId] === connection) return;
  useTurns.setState((state) => ({ connections: { ...state.connections, [turnId]: connection } }));
}

/** Lets go of a log that nobody will look at again: the stored turn says as much. */
export function forget(turnId: string): void {
  if (followed.has(turnId)) return;
  useTurns.setState(({ logs, connections }) => {
    const { [turnId]: _log, ...otherLogs } = logs;
    const { [turnId]: _connection, ...otherConnections } = connections;
    return { logs: otherLogs, connections: otherConnections };
  });
}
