import assert from "node:assert/strict";
import { after, describe } from "node:test";

import { get } from "./harness/api.mjs";
import { countFrames, framesCounted } from "./harness/frames.mjs";
import { longAnswer } from "./harness/long-answer.mjs";
import { Model, tokensOf } from "./harness/model.mjs";
import { Portal } from "./harness/portal.mjs";
import { stage } from "./harness/stage.mjs";
import { talkerShape } from "./harness/talker.mjs";

const TOKENS = 5_000;
const PER_SECOND = 250;
const LEAST_FPS = 50;
/** Other work on the machine can spoil a measurement; it cannot make one good. */
const MEASUREMENTS = 3;
/** What the tool gives for so many notes is just below what is kept of a result. */
const ROWS_OF_A_MEGABYTE = 16_000;
const OPEN_MS = 1_000;

const model = await Model.start();

describe("what is large", () => {
  const its = stage(talkerShape(model));
  after(() => model.close());

  its.test(
    "an answer of 5,000 tokens at 250 a second moves at 50 frames a second or more",
    async (scene) => {
      const { page } = await scene.signedIn("alice");
      const portal = new Portal(page);
      let best = 0;
      for (let measurement = 1; measurement <= MEASUREMENTS && best < LEAST_FPS; measurement += 1) {
        await page.goto(`${scene.stack.portal}/c`);
        const text = longAnswer(TOKENS, measurement);
        model.script = () => ({ text, perSecond: PER_SECOND });
        await portal.ask("Everything, please");
        await portal.phase("writing");
        await countFrames(page);
        assert.equal(await portal.answered(60_000), "done");
        const figures = await framesCounted(page);
        best = Math.max(best, figures.fps);
        scene.say(
          `${tokensOf(text).length} tokens in ${figures.seconds.toFixed(1)} s: ${figures.fps.toFixed(1)} frames/s, ` +
            `p50 ${figures.p50.toFixed(1)} ms, p95 ${figures.p95.toFixed(1)} ms (aim 33), worst ${figures.worst.toFixed(0)} ms, ` +
            `${figures.longTasks} long tasks of ${figures.longTaskMs.toFixed(0)} ms together`,
        );
        assert.equal(await portal.copyAnswer(), text);
      }
      assert.ok(best >= LEAST_FPS, `${best.toFixed(1)} frames/s`);
    },
    { timeout: 180_000 },
  );

  its.test("opens a result of a megabyte at once", async (scene) => {
    const { page } = await scene.signedIn("alice");
    const portal = new Portal(page);
    model.script = ({ results }) => (results.length === 0 ? { calls: [{ name: "note_list", arguments: { count: ROWS_OF_A_MEGABYTE } }] } : { text: "All of them." });
    await portal.ask("List the notes");
    assert.equal(await portal.answered(60_000), "done");
    const { calls } = await get(scene.stack, "alice", `/v1/turns/${await portal.lastTurnId()}`);
    const { size_bytes: size } = calls[0].result;
    assert.ok(size > 950_000, `${size} bytes`);
    const card = portal.toolCard("note_list");
    let best = Infinity;
    for (let measurement = 1; measurement <= MEASUREMENTS && best > OPEN_MS; measurement += 1) {
      await page.reload();
      await card.waitFor();
      await card.getByRole("button").first().click();
      const whole = card.getByRole("button", { name: portal.text("tools:show_whole"), exact: true });
      await whole.waitFor();
      const began = performance.now();
      await whole.click();
      await card.getByRole("cell", { name: "note-7", exact: true }).waitFor();
      best = Math.min(best, performance.now() - began);
    }
    scene.say(`a result of ${size} bytes: open after ${best.toFixed(0)} ms`);
    assert.ok(best <= OPEN_MS, `open after ${best.toFixed(0)} ms`);
  });
});
