import assert from "node:assert/strict";
import { after, before, describe } from "node:test";

import { get } from "./harness/api.mjs";
import { serverText } from "./harness/answers.mjs";
import { Cutter } from "./harness/cutter.mjs";
import { longAnswer } from "./harness/long-answer.mjs";
import { Model } from "./harness/model.mjs";
import { Portal } from "./harness/portal.mjs";
import { random, seedOfRun } from "./harness/random.mjs";
import { stage } from "./harness/stage.mjs";
import { talkerShape } from "./harness/talker.mjs";
import { until } from "./harness/waiting.mjs";

/** Of the stream, and of the long poll, at least. */
const CUTS = { stream: 50, page: 20 };
/** Of an answer. */
const TOKENS = { stream: 2_750, page: 2_000 };
const PER_SECOND = 200;

const model = await Model.start();

describe("a stream that is cut at random points", () => {
  const its = stage(talkerShape(model));
  /** @type {Cutter} */
  let cutter;
  before(async () => {
    cutter = await Cutter.start();
  });
  after(async () => {
    await cutter.close();
    await model.close();
  });

  /**
   * Asks until the connection was cut so often; after each answer the screen says what the
   * server says, once and whole.
   *
   * @param {import("./harness/stage.mjs").Scene} scene
   * @param {number} seed
   * @param {"stream" | "page"} kind which cuts count
   */
  const readThrough = async (scene, seed, kind) => {
    const { page } = await scene.signedIn("alice", { proxy: cutter.origin });
    const portal = new Portal(page);
    const cuts = () => cutter.cuts.filter((cut) => cut.kind === kind).length;
    let asked = 0;
    while (cuts() < CUTS[kind]) {
      asked += 1;
      assert.ok(asked <= 6, `${cuts()} cuts in ${asked} answers: nothing to cut`);
      const text = longAnswer(TOKENS[kind], seed + asked);
      model.script = () => ({ text, perSecond: PER_SECOND });
      await portal.ask(`Tell me everything, part ${asked}`);
      assert.equal(await portal.answered(90_000), "done");

      const turn = await portal.lastTurnId();
      const said = await serverText(scene.stack, "alice", portal.conversation, turn);
      assert.equal(said, text, "the server keeps what the model said");
      assert.equal(await portal.copyAnswer(), said, "the screen says what the server says");
      const answer = portal.lastTurn.locator(":is(h3, h4, p, li, td, pre, blockquote)");
      const shown = await answer.allInnerTexts();
      const { last } = await eventsOf(scene, turn);
      assert.equal(Number(await portal.lastTurn.getAttribute("data-seq")), last, "every event was read, none twice");

      await page.reload();
      await portal.answered();
      await until("the answer is rendered", async () => JSON.stringify(await answer.allInnerTexts()) === JSON.stringify(shown));
      assert.equal(await portal.copyAnswer(), said);
    }
    scene.say(
      `seed ${seed}: ${cutter.cuts.length} cuts, ${cuts()} of a ${kind}, in ${asked} answers of ${TOKENS[kind]} tokens; ` +
        `${cutter.streams} streams and ${cutter.pages} pages were read`,
    );
  };

  its.test(
    "is shown as the server has it: 50 cuts of the event stream",
    async (scene) => {
      const seed = seedOfRun();
      const below = random(seed);
      reset(cutter);
      // Mostly beyond the first event: two streams that give nothing make it the long poll, whose
      // pages hold all there is and must come through at last.
      cutter.plan = (kind) => (kind === "page" && below(2) === 0 ? null : 1_000 + below(1_500));
      await readThrough(scene, seed, "stream");
    },
    { timeout: 240_000 },
  );

  its.test(
    "is shown as the server has it: 20 cuts of the long poll",
    async (scene) => {
      const seed = seedOfRun();
      const below = random(seed);
      reset(cutter);
      cutter.config = { realtime: "long_poll" };
      cutter.plan = () => (below(2) === 0 ? null : 1 + below(400));
      await readThrough(scene, seed, "page");
      assert.equal(cutter.streams, 0, "no stream was asked for");
    },
    { timeout: 240_000 },
  );

  its.test(
    "goes over to the long poll where streams are refused",
    async (scene) => {
      reset(cutter);
      cutter.refusesStreams = true;
      const { page } = await scene.signedIn("alice", { proxy: cutter.origin });
      const portal = new Portal(page);
      const text = longAnswer(400, 7);
      model.script = () => ({ text, perSecond: 200 });
      await portal.ask("Tell me something");
      assert.equal(await portal.answered(60_000), "done");
      assert.equal(await portal.copyAnswer(), text);
      assert.ok(cutter.refused >= 1 && cutter.pages >= 1, `${cutter.refused} refused, ${cutter.pages} pages`);
      scene.say(`${cutter.refused} streams refused, then ${cutter.pages} pages`);
    },
    { timeout: 90_000 },
  );

  its.test(
    "says so after two seconds, and goes on from where it was",
    async (scene) => {
      reset(cutter);
      const { page } = await scene.signedIn("alice", { proxy: cutter.origin });
      const portal = new Portal(page);
      /** @type {() => void} */
      let release = () => undefined;
      const held = new Promise((/** @type {(value: void) => void} */ done) => (release = () => done()));
      const text = longAnswer(300, 11);
      model.script = () => ({ text, perSecond: 200, hold: held });
      await portal.ask("Tell me slowly");
      await portal.phase("writing");
      const banner = page.getByText(portal.text("connection.reconnecting"), { exact: true });
      assert.equal(await banner.count(), 0);
      cutter.plan = () => 0;
      cutter.cutAll();
      await banner.waitFor();
      cutter.plan = () => null;
      await banner.waitFor({ state: "detached" });
      release();
      assert.equal(await portal.answered(60_000), "done");
      assert.equal(await portal.copyAnswer(), text);
    },
    { timeout: 90_000 },
  );
});

/** @param {Cutter} cutter */
function reset(cutter) {
  cutter.cuts = [];
  cutter.refused = 0;
  cutter.pages = 0;
  cutter.streams = 0;
  cutter.refusesStreams = false;
  cutter.config = {};
  cutter.plan = () => null;
}

/** @param {import("./harness/stage.mjs").Scene} scene @param {string} turn */
async function eventsOf(scene, turn) {
  let last = 0;
  for (;;) {
    const page = await get(scene.stack, "alice", `/v1/turns/${turn}/events?after=${last}&wait=0`);
    if (page.items.length === 0) return { last };
    for (const event of page.items) {
      assert.equal(event.seq, last + 1, "the server's own events have no gap");
      last = event.seq;
    }
  }
}
