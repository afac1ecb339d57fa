import assert from "node:assert/strict";
import { after, describe } from "node:test";

import { EVIL_HOST, HOSTILE, HOSTILE_MARKDOWN } from "./harness/hostile.mjs";
import { Model } from "./harness/model.mjs";
import { Portal } from "./harness/portal.mjs";
import { stage } from "./harness/stage.mjs";
import { talkerShape } from "./harness/talker.mjs";

/** @typedef {import("playwright-core").Page} Page */

const model = await Model.start();

describe("what a model or a tool says", () => {
  const its = stage(talkerShape(model));
  after(() => model.close());

  its.test("stays text when a model writes it", async (scene) => {
    const { page, watched } = await scene.signedIn("alice");
    const portal = new Portal(page);
    // Slowly: half a tag is as bad as a whole one.
    model.script = () => ({ text: HOSTILE_MARKDOWN, perSecond: 600 });
    await portal.ask("Show me what you have");
    assert.equal(await portal.answered(), "done");
    await portal.lastTurn.getByText("The end.").waitFor();
    await isInert(page, watched);
    const links = await portal.lastTurn.locator("a").evaluateAll((all) =>
      all.map((link) => ({ href: link.getAttribute("href") ?? "", rel: link.getAttribute("rel") ?? "", target: link.getAttribute("target") })),
    );
    for (const { href, rel, target } of links) {
      if (href.startsWith("#")) continue;
      assert.match(href, /^https?:|^mailto:/, `a link leads to ${href}`);
      assert.match(rel, /noopener/);
      assert.match(rel, /noreferrer/);
      assert.equal(target, "_blank");
    }
    assert.ok(links.some(({ href }) => href === `https://${EVIL_HOST}/page`), "a link to the web stays one");

    // What looks like a link and leads nowhere does nothing.
    for (const name of ["script", "case", "tab", "page", "vb", "file", "reference"]) {
      const words = portal.lastTurn.getByText(name, { exact: true });
      for (const word of await words.all()) await word.click();
    }
    await isInert(page, watched);

    await page.reload();
    await portal.lastTurn.getByText("The end.").waitFor();
    await isInert(page, watched);
  });

  its.test("stays text in a question, a title and a search", async (scene) => {
    const { page, watched } = await scene.signedIn("alice");
    const portal = new Portal(page);
    model.script = ({ question }) => ({ text: `You said: ${question}` });
    await portal.ask(HOSTILE);
    assert.equal(await portal.answered(), "done");
    await isInert(page, watched);
    await portal.search.fill("<img src=x onerror");
    await portal.row(/img src=x/).first().waitFor();
    await isInert(page, watched);
  });

  its.test("stays text in a tool's arguments and result", async (scene) => {
    const { page, watched } = await scene.signedIn("alice");
    const portal = new Portal(page);
    model.script = ({ results }) =>
      results.length === 0 ? { calls: [{ name: "note_read", arguments: {} }] } : { text: `The note says:\n\n${results[0]}\n\nThe end.` };
    await portal.ask("Read the note");
    assert.equal(await portal.answered(), "done");
    const card = portal.toolCard("note_read");
    await card.getByRole("button").first().click();
    await card.getByText("onerror").first().waitFor();
    await isInert(page, watched);
    // Every way in which a result is shown.
    const tabs = await card.getByRole("tab").all();
    assert.ok(tabs.length >= 2, "a result is a table and JSON");
    for (const tab of tabs) {
      await tab.click();
      const panel = card.getByRole("tabpanel");
      const closed = panel.locator('[aria-expanded="false"]');
      while ((await closed.count()) > 0) await closed.first().click();
      await panel.getByText("onerror").first().waitFor();
      await isInert(page, watched);
    }
    model.script = ({ results }) => (results.length === 0 ? { calls: [{ name: "note_write", arguments: { text: HOSTILE } }] } : { text: "Written." });
    await portal.ask("Write a note");
    await portal.phase("waiting_approval");
    await portal.toolCard("note_write").getByRole("button").first().click();
    await isInert(page, watched);
    await page.goto(`${scene.stack.portal}/approvals`);
    await page.getByText("note_write").first().waitFor();
    await isInert(page, watched);
  });
});

/**
 * Nothing ran, nothing was asked of somebody else, nothing of it became an element.
 *
 * @param {Page} page
 * @param {import("./harness/watch.mjs").Watched} watched
 */
async function isInert(page, watched) {
  const found = await page.evaluate(() => ({
    // @ts-expect-error set by hostile text
    ran: window.__pwned,
    elements: document.querySelectorAll(
      "main :is(img, script, iframe, object, embed, form[action], svg[onload], base, meta, link, style, video, audio, input:not([type]):not([aria-label]))," +
        "[onclick], [onerror], [onload], main [style*='evil'], a[href^='javascript' i], a[href^='data' i], a[href^='vbscript' i], a[href^='file' i]",
    ).length,
    covers: [...document.querySelectorAll("main *")].filter((element) => getComputedStyle(element).backgroundImage.includes("evil")).length,
  }));
  assert.deepEqual(found, { ran: undefined, elements: 0, covers: 0 });
  assert.deepEqual(watched.foreign, [], "requests to others");
  assert.deepEqual(watched.policy, [], "violations of the content security policy");
}
