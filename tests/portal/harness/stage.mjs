/** One product and one browser for the tests of a file. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, it } from "node:test";

import { launch, openTab } from "./browser.mjs";
import { signIn } from "./sign-in.mjs";
import { REPOSITORY, startStack } from "./stack.mjs";

/** @typedef {import("./browser.mjs").TabOptions} TabOptions */
/** @typedef {import("./stack.mjs").Stack} Stack */
/** @typedef {Awaited<ReturnType<typeof openTab>>} Tab */

const FAILURES = join(REPOSITORY, "tests/portal/failures");

/**
 * Declares the start and the end of a stage around the tests of this file.
 *
 * @param {Parameters<typeof startStack>[0]} [shape]
 */
export function stage(shape) {
  const its = /** @type {Stage} */ (new Stage());
  before(async () => {
    its.stack = await startStack(shape);
    its.browser = await launch();
  }, { timeout: 180_000 });
  after(async () => {
    await its.browser?.close();
    await its.stack?.stop();
  }, { timeout: 60_000 });
  return its;
}

export class Stage {
  /** @type {Stack} */
  stack = /** @type {any} */ (undefined);
  /** @type {import("playwright-core").Browser} */
  browser = /** @type {any} */ (undefined);

  /**
   * A test with tabs that are watched: it fails too when one of them was not clean. What the
   * screen showed when it failed is kept in `failures/`.
   *
   * @param {string} name
   * @param {(scene: Scene) => Promise<void>} run
   * @param {{ timeout?: number }} [options]
   */
  test(name, run, { timeout = 60_000 } = {}) {
    it(name, { timeout }, async (t) => {
      const scene = new Scene(this, t);
      try {
        await run(scene);
        for (const tab of scene.tabs) tab.watched.expectClean();
      } catch (error) {
        await scene.keep(name);
        throw error;
      } finally {
        for (const tab of scene.tabs) await tab.context.close();
      }
    });
  }
}

/** What one test has. */
export class Scene {
  /** @type {Tab[]} */
  tabs = [];

  /**
   * @param {Stage} stage
   * @param {import("node:test").TestContext} t
   */
  constructor(stage, t) {
    this.stage = stage;
    this.stack = stage.stack;
    this.t = t;
  }

  /**
   * A fresh tab, in a context of its own.
   *
   * @param {TabOptions} [options]
   */
  async tab(options = {}) {
    const { portal, api, sandbox } = this.stack;
    const tab = await openTab(this.stage.browser, [portal, api, sandbox], options);
    this.tabs.push(tab);
    return tab;
  }

  /**
   * A tab in which somebody is signed in and looks at a page.
   *
   * @param {string} user
   * @param {TabOptions & { at?: string }} [options]
   */
  async signedIn(user, { at = "/c", ...options } = {}) {
    const tab = await this.tab(options);
    await signIn(tab.page, this.stack, user, at, options.language ?? "en");
    return tab;
  }

  /** @param {string} line a figure for whoever reads the run's output */
  say(line) {
    this.t.diagnostic(line);
  }

  /** @param {string} name */
  async keep(name) {
    await mkdir(FAILURES, { recursive: true });
    const base = join(FAILURES, name.replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 80));
    for (const [index, tab] of this.tabs.entries()) {
      if (tab.page.isClosed()) continue;
      await tab.page.screenshot({ path: `${base}-${index}.png`, timeout: 5_000 }).catch(() => undefined);
      const html = await tab.page.content().catch(() => "");
      const report = [tab.page.url(), ...tab.watched.console, "", html].join("\n");
      await writeFile(`${base}-${index}.txt`, report);
    }
  }
}
