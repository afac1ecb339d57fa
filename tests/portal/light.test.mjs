/** What is long stays light. The long lists are played: nobody could make them in a test. */
import assert from "node:assert/strict";
import { describe } from "node:test";

import { asked } from "./harness/api.mjs";
import { countFrames, framesCounted } from "./harness/frames.mjs";
import { playLongConversation } from "./harness/long-conversation.mjs";
import { Portal } from "./harness/portal.mjs";
import { stage } from "./harness/stage.mjs";
import { until } from "./harness/waiting.mjs";

/** @typedef {import("playwright-core").Page} Page */

const ITEMS = 2_000;
/** As many messages as the portal asks for at once. */
const PAGE = 100;
const MOST_NODES = 600;
/** What is held of a conversation of 2,000 messages, with the application itself. */
const MOST_HEAP_MB = 60;
const OPEN_MS = 1_000;
const SCROLL_P95_MS = 20;
/** Other work on the machine can spoil a measurement; it cannot make one good. */
const MEASUREMENTS = 3;

const nodes = (/** @type {Page} */ page, within = "body") => page.locator(within).first().evaluate((element) => element.querySelectorAll("*").length);

/** Scrolls to the other end in steps, one a frame. @param {Page} page @param {string} scroller @param {1 | -1} direction */
const scrollThrough = (page, scroller, direction) =>
  page.locator(scroller).first().evaluate(async (element, direction) => {
    element.scrollTop = direction > 0 ? 0 : element.scrollHeight;
    for (let step = 0; step < 120; step += 1) {
      await new Promise((done) => requestAnimationFrame(done));
      element.scrollTop += direction * 400;
    }
  }, direction);

describe("what is long", () => {
  const its = stage();

  its.test(
    "opens at once and scrolls smoothly: a conversation of 2,000 messages",
    async (scene) => {
      const real = await asked(scene.stack, "alice", "which subscriptions do I have?", { title: "A long one" });
      const { page } = await scene.signedIn("alice");
      const portal = new Portal(page);
      await playLongConversation(page, scene.stack, real, ITEMS);
      let open = Infinity;
      for (let measurement = 0; measurement < MEASUREMENTS && open > OPEN_MS; measurement += 1) {
        await page.goto(`${scene.stack.portal}/c`);
        await portal.composer.waitFor();
        await portal.row("A long one").waitFor();
        const began = performance.now();
        await portal.row("A long one").click();
        await page.getByText(`Answer ${ITEMS - 1}`).first().waitFor();
        open = performance.now() - began;
      }
      const scroller = ".overflow-y-auto:has([role=log])";
      const older = portal.button("chat:older");
      for (let read = PAGE; read < ITEMS; read += PAGE) await older.click();
      await until("all of it is there", async () => (await older.count()) === 0 && (await portal.button("loading").count()) === 0);
      await page.locator(scroller).evaluate((element) => void (element.scrollTop = 0));
      await page.getByText("Question 0", { exact: true }).first().waitFor();
      const log = '[role="log"]';
      // Turns that are seen the first time are asked for, and the answers are played: that costs more than the page does.
      await scrollThrough(page, scroller, 1);
      let p95 = Infinity;
      let most = 0;
      for (let measurement = 0; measurement < MEASUREMENTS && p95 > SCROLL_P95_MS; measurement += 1) {
        await countFrames(page);
        await scrollThrough(page, scroller, 1);
        p95 = (await framesCounted(page)).p95;
        most = Math.max(most, await nodes(page));
      }
      const heap = await heapMb(page);
      scene.say(`2,000 messages: ${heap.toFixed(1)} MB of heap after all of them were seen`);
      assert.ok(heap <= MOST_HEAP_MB, `${heap.toFixed(1)} MB of heap`);
      scene.say(`2,000 messages: open ${open.toFixed(0)} ms, ${most} nodes (${await nodes(page, log)} in the conversation), scroll p95 ${p95.toFixed(1)} ms`);
      assert.ok(open <= OPEN_MS, `open after ${open.toFixed(0)} ms`);
      assert.ok(most <= MOST_NODES, `${most} nodes`);
      assert.ok(p95 <= SCROLL_P95_MS, `a frame takes ${p95.toFixed(1)} ms`);
    },
    { timeout: 120_000 },
  );

  its.test("keeps few rows in the document: 2,000 tools, records, people, conversations", async (scene) => {
    const { conversation } = await asked(scene.stack, "dave", "which subscriptions do I have?");
    const { page } = await scene.signedIn("dave");
    const portal = new Portal(page);
    /** Gives the first item of a list as often as wanted, each with its own `name`. @param {string} path @param {(item: any, index: number) => object} name */
    const play = (path, name) =>
      page.route(new RegExp(`/api/v1${path}(\\?|$)`), async (route) => {
        const answer = await route.fetch();
        const { items } = await answer.json();
        await route.fulfill({ response: answer, json: { items: Array.from({ length: ITEMS }, (_, index) => ({ ...items[0], ...name(items[0], index) })), next_cursor: null } });
      });
    await play("/admin/tools", (item, index) => ({ tool: `${item.tool}_${index}` }));
    await play("/admin/users", (_, index) => ({ oid: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}` }));
    await play("/tools", (item, index) => ({ tool: `${item.tool}_${index}` }));
    await play("/audit", (_, index) => ({ seq: index + 1, id: null }));
    await play("/conversations", (_, index) => ({ id: index === 0 ? conversation : `${conversation}${index}`, title: `Conversation ${index}` }));
    for (const path of ["/admin/tools", "/admin/users", "/tools", "/audit"]) {
      await page.goto(scene.stack.portal + path);
      await page.locator('main [aria-setsize="2000"]').first().waitFor();
      await portal.row("Conversation 0").waitFor();
      for (const [scroller, direction] of /** @type {const} */ ([["[data-scroll=page]", 1], ["nav:has(#conversations-heading) .overflow-y-auto", 1]])) {
        await scrollThrough(page, scroller, direction);
      }
      const [all, list] = [await nodes(page), await nodes(page, "main")];
      scene.say(`2,000 rows on ${path}: ${all} nodes (${list} on the page)`);
      assert.ok(list <= MOST_NODES, `${path} has ${list} nodes`);
    }
  });
});

/**
 * What the page holds once everything that nobody needs is gone, MB.
 *
 * @param {import("playwright-core").Page} page
 */
async function heapMb(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  await session.send("HeapProfiler.collectGarbage");
  const { metrics } = await session.send("Performance.getMetrics");
  await session.detach();
  return (metrics.find(({ name }) => name === "JSHeapUsedSize")?.value ?? Number.NaN) / 1_000_000;
}
