/**
 * A model for tests: an OpenAI-compatible endpoint on loopback that says what it is told to, at
 * a pace, and counts the readers that went away.
 */
import { createServer } from "node:http";

/**
 * @typedef {object} Answer
 * @property {string} [text]
 * @property {number} [perSecond] tokens a second; as fast as possible without it
 * @property {{ name: string, arguments: Record<string, unknown> }[]} [calls] names end in these
 *   words: the product may put its server's name before a tool's
 * @property {Promise<void>} [hold] the answer's end is kept back until then
 */

/**
 * @typedef {object} Asked
 * @property {string} question the newest message of the user
 * @property {string[]} results of tools since then
 * @property {any} body of the request
 */

export const MODEL_NAME = "talker";
/** The product's own, which needs no endpoint. */
export const OFFLINE_PLANNER = "offline-planner";

export class Model {
  /** @type {(asked: Asked) => Answer} */
  script = () => ({ text: "Nothing was told to me." });
  /** Answers whose reader went away before their end. */
  abandoned = 0;
  /** @type {{ question: string, tokens: number, ended: boolean }[]} */
  given = [];
  #server = createServer((request, response) => this.#serve(request, response));
  /** @type {Set<import("node:net").Socket>} */
  #sockets = new Set();
  origin = "";

  static async start() {
    const model = new Model();
    model.#server.on("connection", (socket) => {
      model.#sockets.add(socket);
      socket.once("close", () => model.#sockets.delete(socket));
    });
    await new Promise((done) => model.#server.listen(0, "127.0.0.1", () => done(undefined)));
    const address = /** @type {import("node:net").AddressInfo} */ (model.#server.address());
    model.origin = `http://127.0.0.1:${address.port}`;
    return model;
  }

  /** What the handler is told of it. */
  environment() {
    return {
      AZIMUTH_MODEL_BASE_URL: `${this.origin}/v1`,
      AZIMUTH_MODEL_API_KEY: "no-secret",
      AZIMUTH_MODEL_NAME: MODEL_NAME,
    };
  }

  async close() {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((done) => this.#server.close(done));
  }

  /**
   * @param {import("node:http").IncomingMessage} request
   * @param {import("node:http").ServerResponse} response
   */
  async #serve(request, response) {
    /** @type {Buffer[]} */
    const parts = [];
    for await (const part of request) parts.push(part);
    if (request.method !== "POST" || !request.url?.endsWith("/chat/completions")) {
      response.setHeader("content-type", "application/json").end(JSON.stringify({ object: "list", data: [{ id: MODEL_NAME }] }));
      return;
    }
    const body = JSON.parse(Buffer.concat(parts).toString());
    const last = body.messages.findLastIndex((/** @type {any} */ message) => message.role === "user");
    const question = String(body.messages[last]?.content ?? "");
    const results = body.messages.slice(last + 1).filter((/** @type {any} */ m) => m.role === "tool").map((/** @type {any} */ m) => m.content);
    const answer = this.script({ question, results, body });
    await this.#stream(response, question, answer, body.tools ?? []);
  }

  /**
   * @param {import("node:http").ServerResponse} response
   * @param {string} question
   * @param {Answer} answer
   * @param {any[]} offered
   */
  async #stream(response, question, answer, offered) {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    const given = { question, tokens: 0, ended: false };
    this.given.push(given);
    let gone = false;
    response.once("close", () => {
      if (!given.ended) this.abandoned += 1;
      gone = true;
    });
    const say = (/** @type {object} */ delta, /** @type {string | null} */ finish = null) =>
      `data: ${JSON.stringify({ object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

    const tokens = tokensOf(answer.text ?? "");
    const begin = performance.now();
    while (given.tokens < tokens.length && !gone) {
      const due =
        answer.perSecond === undefined
          ? tokens.length
          : Math.min(tokens.length, Math.floor(((performance.now() - begin) / 1000) * answer.perSecond) + 1);
      let chunk = "";
      for (; given.tokens < due; given.tokens += 1) chunk += say({ content: tokens[given.tokens] });
      if (chunk !== "") response.write(chunk);
      if (given.tokens < tokens.length) await new Promise((done) => setTimeout(done, 4));
    }
    if (answer.hold !== undefined) {
      // The handler takes two minutes of silence for an end.
      const alive = setInterval(() => response.write(": still here\n\n"), 10_000);
      await answer.hold;
      clearInterval(alive);
    }
    if (gone) return;
    const calls = (answer.calls ?? []).map((call, index) => ({
      index,
      id: `call_${index + 1}`,
      type: "function",
      function: { name: offeredName(offered, call.name), arguments: JSON.stringify(call.arguments) },
    }));
    if (calls.length > 0) response.write(say({ tool_calls: calls }));
    response.write(say({}, calls.length > 0 ? "tool_calls" : "stop"));
    response.write(`data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 100, completion_tokens: tokens.length } })}\n\n`);
    given.ended = true;
    response.end("data: [DONE]\n\n");
  }
}

/**
 * @param {any[]} offered
 * @param {string} wanted
 */
function offeredName(offered, wanted) {
  const names = offered.map((tool) => String(tool.function.name));
  const found = names.find((name) => name === wanted || name.endsWith(wanted));
  if (found === undefined) throw new Error(`no tool ${wanted} is offered, only ${names.join(", ")}`);
  return found;
}

/**
 * Pieces of about the size of a model's tokens. They part words and joined emoji, as a model's
 * do, but no code point.
 *
 * @param {string} text
 */
export function tokensOf(text) {
  return text.match(/[\s\S]{1,4}/gu) ?? [];
}
