/** What the server says that an answer is. */
import { get } from "./api.mjs";

/** @typedef {import("./stack.mjs").Stack} Stack */

/**
 * The assistant's texts of a turn, a step after the other, as the portal copies them.
 *
 * @param {Stack} stack
 * @param {string} user
 * @param {string} conversation
 * @param {string} turn
 * @returns {Promise<string>}
 */
export async function serverText(stack, user, conversation, turn) {
  const { items } = await get(stack, user, `/v1/conversations/${conversation}/messages?limit=100`);
  return items
    .filter((/** @type {any} */ message) => message.turn_id === turn && message.author === "assistant" && message.text !== "")
    .toSorted((/** @type {any} */ a, /** @type {any} */ b) => (a.step ?? 0) - (b.step ?? 0))
    .map((/** @type {any} */ message) => message.text)
    .join("\n\n");
}
