/** A conversation as long as nobody could ask for in a test: played, as the API would give it. */

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("./stack.mjs").Stack} Stack */

const PAGE = 100;

/**
 * Gives the messages of a real conversation, and whatever else is asked of its turns, in the API's place: `count`
 * messages, half of them with a list or a table.
 *
 * @param {Page} page
 * @param {Stack} stack
 * @param {{ conversation: string, turn: any }} real
 * @param {number} count
 */
export async function playLongConversation(page, stack, { conversation, turn }, count) {
  const at = (/** @type {number} */ index) => new Date(Date.UTC(2026, 10, 1) + index * 60_000).toISOString();
  const messages = Array.from({ length: count }, (_, index) => {
    const turnId = `${conversation}_t${Math.floor(index / 2)}`;
    const isQuestion = index % 2 === 0;
    return {
      id: `m${index}`,
      turn_id: turnId,
      author: isQuestion ? "user" : "assistant",
      text: isQuestion ? `Question ${index / 2}` : answer(index),
      step: isQuestion ? null : 1,
      parent_message_id: index === 0 ? null : `m${index - 1}`,
      at: at(index),
    };
  });
  const cors = { "access-control-allow-origin": "*" };
  await page.route(`${stack.api}/api/v1/conversations/${conversation}/messages?**`, (route) => {
    const end = count - Number(new URL(route.request().url()).searchParams.get("cursor") ?? 0);
    const items = messages.slice(Math.max(0, end - PAGE), end).toReversed();
    return route.fulfill({ json: { items, next_cursor: end > PAGE ? String(count - end + PAGE) : null }, headers: cors });
  });
  await page.route(new RegExp(`/v1/turns/${conversation}_t`), (route) => {
    const id = new URL(route.request().url()).pathname.split("/").at(-1);
    return route.fulfill({ json: { ...turn, id, calls: [], step: 1 }, headers: cors });
  });
}

/** @param {number} index */
function answer(index) {
  if (index % 4 === 1) return `Answer ${index}. ${"It is as it was asked for. ".repeat(6)}`;
  return `Answer ${index}\n\n| name | place | state |\n| --- | --- | --- |\n${Array.from({ length: 5 }, (_, row) => `| rg-${index}-${row} | koreacentral | ok |`).join("\n")}`;
}
