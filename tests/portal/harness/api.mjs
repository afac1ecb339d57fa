/** The API as a person sees it, without a browser: what the tests compare the screen with. */
import { randomUUID } from "node:crypto";

/** @typedef {import("./stack.mjs").Stack} Stack */

/** @type {Map<string, string>} */
const tokens = new Map();

/**
 * An access token of a sandbox user.
 *
 * @param {Stack} stack
 * @param {string} user
 */
export async function tokenOf(stack, user) {
  const key = `${stack.sandbox} ${user}`;
  let token = tokens.get(key);
  if (token === undefined) {
    const response = await fetch(`${stack.sandbox}/sandbox/token`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ user }),
    });
    if (!response.ok) throw new Error(`no token for ${user}: ${response.status}`);
    token = /** @type {string} */ ((await response.json()).access_token);
    tokens.set(key, token);
  }
  return token;
}

/**
 * @param {Stack} stack
 * @param {string} user
 * @param {string} method
 * @param {string} path below `/api`, such as `/v1/me`
 * @param {unknown} [body]
 * @param {Record<string, string>} [headers]
 * @returns {Promise<{ status: number, headers: Headers, body: any }>}
 */
export async function call(stack, user, method, path, body, headers = {}) {
  const response = await fetch(`${stack.api}/api${path}`, {
    method,
    headers: {
      authorization: `Bearer ${await tokenOf(stack, user)}`,
      accept: "application/json",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(method === "POST" ? { "idempotency-key": randomUUID() } : {}),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await response.text();
  return { status: response.status, headers: response.headers, body: answer === "" ? null : JSON.parse(answer) };
}

/**
 * The body of a success; anything else is an error.
 *
 * @param {Stack} stack
 * @param {string} user
 * @param {string} path
 * @returns {Promise<any>}
 */
export async function get(stack, user, path) {
  const { status, body } = await call(stack, user, "GET", path);
  if (status !== 200) throw new Error(`GET ${path} answers ${status}: ${JSON.stringify(body)}`);
  return body;
}

/**
 * @param {Stack} stack
 * @param {string} user
 * @param {string} path
 * @param {unknown} body
 * @returns {Promise<any>}
 */
export async function post(stack, user, path, body) {
  const answer = await call(stack, user, "POST", path, body);
  if (answer.status >= 300) throw new Error(`POST ${path} answers ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/**
 * A conversation with one turn that has ended or waits.
 *
 * @param {Stack} stack
 * @param {string} user
 * @param {string} text
 * @param {object} [more]
 * @param {string} [more.title]
 * @param {string} [more.conversation] continue this one
 * @param {string[]} [more.until] statuses to wait for
 * @returns {Promise<{ conversation: string, turn: any }>}
 */
export async function asked(stack, user, text, { title, conversation, until: statuses = ["done", "waiting"] } = {}) {
  const id = conversation ?? (await post(stack, user, "/v1/conversations", title === undefined ? {} : { title })).id;
  const { turn_id: turnId } = await post(stack, user, `/v1/conversations/${id}/turns`, { text });
  const deadline = performance.now() + 60_000;
  for (;;) {
    const turn = await get(stack, user, `/v1/turns/${turnId}`);
    if (statuses.includes(turn.status)) return { conversation: id, turn };
    if (["done", "failed", "cancelled"].includes(turn.status)) throw new Error(`the turn is ${turn.status}: ${JSON.stringify(turn.error)}`);
    if (performance.now() > deadline) throw new Error(`the turn stays ${turn.status}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/**
 * What really happened in the sandbox's Azure.
 *
 * @param {Stack} stack
 * @returns {Promise<any[]>}
 */
export async function effects(stack) {
  return (await (await fetch(`${stack.sandbox}/sandbox/effects`)).json()).items;
}
