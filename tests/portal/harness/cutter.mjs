/**
 * A proxy between the browser and everything else that tears connections while a turn's events
 * are read: in the middle of an answer, wherever the plan says.
 */
import { createServer, request as ask } from "node:http";

/** What is read of a turn, as a stream or as a page. */
const EVENTS = /\/v1\/turns\/[^/]+(\/events|$)|\/turns$/;

export class Cutter {
  /**
   * After how many bytes the next body of events is torn; `null` lets it pass.
   * @type {(kind: "stream" | "page") => number | null}
   */
  plan = () => null;
  /** Answers every stream of events with 502, as a proxy that knows no streams. */
  refusesStreams = false;
  /**
   * Overwrites fields of `/config.json`.
   * @type {Record<string, unknown>}
   */
  config = {};
  /** @type {{ kind: "stream" | "page", bytes: number }[]} */
  cuts = [];
  refused = 0;
  pages = 0;
  streams = 0;
  origin = "";
  #server = createServer((incoming, outgoing) => this.#pass(incoming, outgoing));
  /** @type {Set<import("node:net").Socket>} */
  #sockets = new Set();

  static async start() {
    const cutter = new Cutter();
    cutter.#server.on("connection", (socket) => {
      cutter.#sockets.add(socket);
      socket.once("close", () => cutter.#sockets.delete(socket));
      socket.on("error", () => undefined);
    });
    await new Promise((done) => cutter.#server.listen(0, "127.0.0.1", () => done(undefined)));
    const address = /** @type {import("node:net").AddressInfo} */ (cutter.#server.address());
    cutter.origin = `http://127.0.0.1:${address.port}`;
    return cutter;
  }

  async close() {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((done) => this.#server.close(done));
  }

  /** Tears every connection that is open now. */
  cutAll() {
    for (const socket of this.#sockets) socket.destroy();
  }

  /**
   * @param {import("node:http").IncomingMessage} incoming
   * @param {import("node:http").ServerResponse} outgoing
   */
  #pass(incoming, outgoing) {
    const url = new URL(/** @type {string} */ (incoming.url));
    const isEvents = EVENTS.test(url.pathname);
    const wantsStream = isEvents && (incoming.headers.accept ?? "").includes("text/event-stream");
    if (wantsStream && this.refusesStreams && incoming.method === "GET") {
      this.refused += 1;
      incoming.resume();
      outgoing.writeHead(502, { "access-control-allow-origin": incoming.headers.origin ?? "*" }).end("no streams here");
      return;
    }
    const headers = { ...incoming.headers };
    delete headers["proxy-connection"];
    // What is overwritten must be readable.
    if (url.pathname === "/config.json") delete headers["accept-encoding"];
    const upstream = ask(url, { method: incoming.method, headers, agent: false }, (answer) => {
      if (url.pathname === "/config.json" && Object.keys(this.config).length > 0) {
        void this.#overwrite(answer, outgoing);
        return;
      }
      outgoing.writeHead(/** @type {number} */ (answer.statusCode), answer.headers);
      const isBody = incoming.method === "GET" && url.pathname.endsWith("/events");
      if (!isBody) {
        answer.pipe(outgoing);
        return;
      }
      if (wantsStream) this.streams += 1;
      else this.pages += 1;
      outgoing.flushHeaders();
      this.#tear(answer, outgoing, wantsStream ? "stream" : "page");
    });
    upstream.on("error", () => outgoing.destroy());
    outgoing.once("close", () => upstream.destroy());
    incoming.pipe(upstream);
  }

  /**
   * @param {import("node:http").IncomingMessage} answer
   * @param {import("node:http").ServerResponse} outgoing
   * @param {"stream" | "page"} kind
   */
  #tear(answer, outgoing, kind) {
    const limit = this.plan(kind);
    let passed = 0;
    answer.on("error", () => outgoing.destroy());
    answer.on("data", (/** @type {Buffer} */ chunk) => {
      if (outgoing.destroyed) return;
      if (limit === null || passed + chunk.length < limit) {
        passed += chunk.length;
        outgoing.write(chunk);
        return;
      }
      const socket = outgoing.socket;
      const rest = chunk.subarray(0, limit - passed);
      passed = limit;
      answer.removeAllListeners("data");
      this.cuts.push({ kind, bytes: limit });
      // What was passed on reaches the browser first; then the connection is gone.
      if (rest.length === 0) socket?.destroy();
      else outgoing.write(rest, () => socket?.destroy());
    });
    answer.on("end", () => {
      if (!outgoing.destroyed) outgoing.end();
    });
  }

  /**
   * @param {import("node:http").IncomingMessage} answer
   * @param {import("node:http").ServerResponse} outgoing
   */
  async #overwrite(answer, outgoing) {
    /** @type {Buffer[]} */
    const parts = [];
    for await (const part of answer) parts.push(part);
    const body = JSON.stringify({ ...JSON.parse(Buffer.concat(parts).toString()), ...this.config });
    const headers = { ...answer.headers };
    for (const name of ["content-length", "content-encoding", "transfer-encoding", "etag"]) delete headers[name];
    outgoing.writeHead(200, { ...headers, "content-length": Buffer.byteLength(body) }).end(body);
  }
}
