import { describe, expect, it } from "vitest";

import { ProblemError } from "@/api/problem";
import type { TurnEvent } from "@/api/types";

import { followTurn, type Connection, type FollowOptions } from "./follow";
import { emptyTurnLog, reduceEvents } from "./turn-log";

const TURN = "t_1";
const WORDS = ["스토리지 ", "계정 ", "🙂", "👩🏽‍💻 ", "two\nlines\n\n", "data: id: event:\n", "| a |\r\n", "é", "한"];

/** A turn of `count` events whose text is made of what is easily cut in the wrong place. */
function turnOf(count: number): TurnEvent[] {
  return Array.from({ length: count }, (_, index) => {
    const seq = index + 1;
    const head = { seq, at: "2026-11-24T00:00:00.000Z", turn_id: TURN };
    if (seq === 1) return { ...head, type: "turn_started" };
    if (seq === count) return { ...head, type: "turn_completed" };
    return { ...head, type: "text_delta", step: 0, text: WORDS[seq % WORDS.length]! };
  });
}

const textOf = (events: readonly TurnEvent[]) => reduceEvents(emptyTurnLog(TURN), events).steps[0]?.text;

/** Numbers that look random and are the same in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const encoder = new TextEncoder();
const sse = (event: TurnEvent) => `id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;

type End = "close" | "error" | "stall";

/** A stream of `text`, in pieces of up to `piece` bytes, that ends in the way that is asked for. */
function streamOf(text: string, end: End, signal: AbortSignal | null | undefined, piece = 7): Response {
  const bytes = encoder.encode(text);
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      signal?.addEventListener("abort", () => controller.error(new DOMException("aborted", "AbortError")));
    },
    pull(controller) {
      if (at < bytes.length) {
        controller.enqueue(bytes.slice(at, at + piece));
        at += piece;
        return;
      }
      if (end === "close") controller.close();
      else if (end === "error") controller.error(new TypeError("network error"));
      else return new Promise(() => {});
      return;
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

const pageOf = (items: TurnEvent[], ended: boolean) =>
  Response.json({ items, ended, next_after: items.at(-1)?.seq ?? 0 });

interface Asked {
  after: number;
  longPoll: boolean;
  signal: AbortSignal | null | undefined;
  /** Which request it is, from 1. */
  n: number;
}

/** Follows a turn against `answer`; gives everything that was told. */
async function following(answer: (asked: Asked) => Response | Promise<Response>, options: Partial<FollowOptions> = {}) {
  const events: TurnEvent[] = [];
  const connections: Connection[] = [];
  const asked: Asked[] = [];
  const end = await followTurn({
    turnId: TURN,
    after: 0,
    transport: "sse",
    signal: new AbortController().signal,
    request: async (path, init) => {
      const url = new URL(path, "http://api");
      const request = {
        after: Number(url.searchParams.get("after")),
        longPoll: url.searchParams.has("wait"),
        signal: init.signal,
        n: asked.length + 1,
      };
      asked.push(request);
      return answer(request);
    },
    onEvents: (fresh) => void events.push(...fresh),
    onConnection: (connection) => void connections.push(connection),
    timings: { silenceMs: 40, firstByteMs: 40, backoffMinMs: 1, backoffMaxMs: 4 },
    ...options,
  });
  return { end, events, connections, asked };
}

describe("following a turn", () => {
  const turn = turnOf(60);

  it("reads one stream to the turn's last event", async () => {
    const { end, events, asked, connections } = await following(({ signal }) => streamOf(turn.map(sse).join(""), "stall", signal));
    expect(end).toBe("ended");
    expect(events).toEqual(turn);
    expect(asked).toHaveLength(1);
    expect(connections).not.toContain("reconnecting");
  });

  it("tells text that is in no event yet until an event comes or the connection breaks", async () => {
    const said = (after: number, ahead: string) =>
      `event: text_ahead\ndata: ${JSON.stringify({ type: "text_ahead", after, step: 0, ahead })}\n\n`;
    const told: unknown[] = [];
    const [started, text, ...rest] = turn;
    const events: TurnEvent[] = [];
    const { end } = await following(
      ({ n, after, signal }) =>
        n === 1
          ? streamOf(sse(started!) + said(1, "so ") + said(1, "far") + sse(text!) + said(2, "and "), "error", signal, 1_000)
          : streamOf(rest.slice(after - 2).map(sse).join(""), "stall", signal),
      {
        onEvents: (fresh) => {
          events.push(...fresh);
          told.push(fresh.at(-1)!.seq);
        },
        onAhead: (ahead) => void told.push(ahead),
      },
    );
    expect(end).toBe("ended");
    expect(events).toEqual(turn);
    // All of the first stream came at once: what an event had taken back is not told any more.
    expect(told.slice(0, 3)).toEqual([2, { step: 0, text: "and " }, null]);
  });

  it.each(Array.from({ length: 20 }, (_, seed) => seed))("gives every event once, whatever breaks (seed %i)", async (seed) => {
    const next = random(seed);
    const below = (limit: number) => Math.floor(next() * limit);
    const { end, events } = await following(({ after, longPoll, signal }) => {
      if (below(6) === 0) throw new TypeError("failed to fetch");
      if (below(8) === 0) return new Response("", { status: 503 });
      if (longPoll) return pageOf(turn.slice(after, after + 1 + below(9)), false);
      // Sometimes it begins too early, and sometimes it leaves one out.
      const from = Math.max(0, after - below(4));
      let part = turn.slice(from);
      if (below(4) === 0 && part.length > 3) part = part.filter((_, index) => index !== 2);
      const text = `: heartbeat\n\n${part.map(sse).join("")}`;
      const cut = below(3) === 0 ? text.length : below(text.length);
      const broken: End[] = ["close", "error", "stall"];
      return streamOf(text.slice(0, cut), broken[below(3)]!, signal, 1 + below(40));
    });
    expect(end).toBe("ended");
    expect(events.map(({ seq }) => seq)).toEqual(turn.map(({ seq }) => seq));
    expect(textOf(events)).toBe(textOf(turn));
  });

  it.each(Array.from({ length: 20 }, (_, seed) => seed))("does the same by long poll (seed %i)", async (seed) => {
    const next = random(1000 + seed);
    const below = (limit: number) => Math.floor(next() * limit);
    const { end, events, asked } = await following(
      ({ after }) => {
        if (below(5) === 0) throw new TypeError("failed to fetch");
        const from = Math.max(0, after - below(3));
        const to = Math.min(turn.length, from + below(12));
        const items = turn.slice(from, to);
        return pageOf(below(5) === 0 && items.length > 2 ? items.slice(2) : items, to === turn.length);
      },
      { transport: "long_poll" },
    );
    expect(end).toBe("ended");
    expect(asked.every(({ longPoll }) => longPoll)).toBe(true);
    expect(events).toEqual(turn);
    expect(textOf(events)).toBe(textOf(turn));
  });

  it("goes on at once after a planned end, without a word", async () => {
    const { events, asked, connections } = await following(({ after, signal }) =>
      after < 30
        ? streamOf(`${turn.slice(after, after + 10).map(sse).join("")}event: reconnect\ndata: {}\n\n`, "stall", signal)
        : streamOf(turn.slice(after).map(sse).join(""), "close", signal),
    );
    expect(events).toEqual(turn);
    expect(asked.map(({ after }) => after)).toEqual([0, 10, 20, 30]);
    expect(connections).not.toContain("reconnecting");
  });

  it("takes silence for a broken connection, and a heartbeat for a sign of life", async () => {
    const { events, asked, connections } = await following(({ after, n, signal }) =>
      streamOf(n < 5 ? `${turn.slice(after, after + 5).map(sse).join("")}: heartbeat\n\n` : turn.slice(after).map(sse).join(""), "stall", signal),
    );
    expect(events).toEqual(turn);
    expect(connections).toContain("reconnecting");
    // A stream that said something is no reason to give streams up.
    expect(asked.some(({ longPoll }) => longPoll)).toBe(false);
  });

  it("falls back to long poll when streams give nothing", async () => {
    const { events, asked } = await following(({ after, longPoll, signal }) =>
      longPoll ? pageOf(turn.slice(after, after + 25), after + 25 >= turn.length) : streamOf("", "stall", signal),
    );
    expect(events).toEqual(turn);
    expect(asked.map(({ longPoll }) => longPoll)).toEqual([false, false, true, true, true]);
  });

  it("comes back to streams when the network was all that was wrong", async () => {
    const { events, asked } = await following(({ after, longPoll, n, signal }) => {
      if (n <= 5) throw new TypeError("failed to fetch");
      if (longPoll) return new Response("", { status: 502 });
      return streamOf(turn.slice(after).map(sse).join(""), "close", signal);
    });
    expect(events).toEqual(turn);
    expect(asked.at(-1)?.longPoll).toBe(false);
  });

  it("falls back when something between turns the stream into a page", async () => {
    const { events } = await following(({ after, longPoll }) =>
      longPoll ? pageOf(turn.slice(after), true) : new Response("<html></html>", { headers: { "content-type": "text/html" } }),
    );
    expect(events).toEqual(turn);
  });

  it("begins after what is known", async () => {
    const { events, asked } = await following(({ after, signal }) => streamOf(turn.slice(after).map(sse).join(""), "close", signal), { after: 55 });
    expect(asked[0]?.after).toBe(55);
    expect(events).toEqual(turn.slice(55));
  });

  it("ends when there is nothing after what is known", async () => {
    const { end, events } = await following(() => pageOf([], true), { after: 60, transport: "long_poll" });
    expect(end).toBe("ended");
    expect(events).toEqual([]);
  });

  it.each(["sse", "long_poll"] as const)("says that the events are gone (%s)", async (transport) => {
    const { end } = await following(() => new Response("{}", { status: 410 }), { transport });
    expect(end).toBe("expired");
  });

  it.each([401, 403, 404])("throws a refusal with %i", async (status) => {
    await expect(following(() => Response.json({ code: "x", title: "no" }, { status }))).rejects.toBeInstanceOf(ProblemError);
  });

  it("waits as long as it is asked to", async () => {
    const started = performance.now();
    const { events } = await following(({ n, signal }) =>
      n === 1 ? new Response("{}", { status: 429, headers: { "retry-after": "0.1" } }) : streamOf(turn.map(sse).join(""), "close", signal),
    );
    expect(events).toEqual(turn);
    expect(performance.now() - started).toBeGreaterThanOrEqual(95);
  });

  it("tries again at once when it is woken", async () => {
    const { events, asked } = await following(
      ({ n, signal }) => {
        if (n === 1) throw new TypeError("failed to fetch");
        return streamOf(turn.map(sse).join(""), "close", signal);
      },
      {
        timings: { backoffMinMs: 60_000, backoffMaxMs: 60_000 },
        onWake: (callback) => {
          queueMicrotask(callback);
          return () => {};
        },
      },
    );
    expect(events).toEqual(turn);
    expect(asked).toHaveLength(2);
  });

  it("ends at once when nobody needs it any more", async () => {
    const abort = new AbortController();
    const { end, events } = await following(
      ({ signal }) => {
        setTimeout(() => abort.abort(), 1);
        return streamOf(turn.slice(0, 5).map(sse).join(""), "stall", signal);
      },
      { signal: abort.signal },
    );
    expect(end).toBe("aborted");
    expect(events.length).toBeLessThanOrEqual(5);
  });
});
