import { describe, before } from "node:test";

import { accessible, fitsItsWidth, settled, showsFocus, speaks, structured, targetsAtLeast } from "./harness/checks.mjs";
import { OPEN_PAGES, furnish, signedInPages, stands } from "./harness/pages.mjs";
import { stage } from "./harness/stage.mjs";
import { LANGUAGES } from "./harness/texts.mjs";

const THEMES = /** @type {const} */ (["light", "dark"]);

for (const language of LANGUAGES) {
  describe(`every page in ${language}`, () => {
    const its = stage();
    /** @type {import("./harness/pages.mjs").Furniture} */
    let furniture;
    before(async () => {
      furniture = await furnish(its.stack, language);
    });

    /**
     * @param {import("./harness/stage.mjs").Scene} scene
     * @param {import("./harness/browser.mjs").TabOptions} options
     * @param {(page: import("playwright-core").Page, where: string) => Promise<void>} look
     */
    const onEveryPage = async (scene, options, look) => {
      /** @type {string[]} */
      const faults = [];
      const visit = async (/** @type {import("playwright-core").Page} */ page, /** @type {string} */ path, name = path) => {
        try {
          await page.goto(scene.stack.portal + path);
          await stands(page, path, furniture);
          await look(page, name);
        } catch (error) {
          // One run tells all of it.
          faults.push(`${name}: ${error instanceof Error ? error.message : error}`);
        }
      };
      const open = await scene.tab({ language, ...options });
      for (const path of OPEN_PAGES) await visit(open.page, path);
      const { page } = await scene.signedIn("alice", { language, ...options });
      for (const { name, path } of signedInPages(furniture)) await visit(page, path, name);
      if (faults.length > 0) throw new Error(faults.join("\n\n"));
    };

    for (const theme of THEMES) {
      its.test(
        `passes axe in ${theme}`,
        (scene) =>
          onEveryPage(scene, { theme, reducedMotion: true }, async (page, where) => {
            await accessible(page, `${where} (${language}, ${theme})`);
            await structured(page, where);
            await speaks(page, where, language);
          }),
        { timeout: 120_000 },
      );
    }

    its.test("fits 320 px, and its targets a finger", (scene) =>
      onEveryPage(scene, { phone: true, viewport: { width: 320, height: 640 } }, async (page, where) => {
        await settled(page);
        await fitsItsWidth(page, where);
        await targetsAtLeast(page, where, 24);
      }),
    );

    its.test("shows where the keyboard is", (scene) =>
      onEveryPage(scene, {}, async (page, where) => {
        await settled(page);
        await showsFocus(page, where);
      }),
    );
  });
}
