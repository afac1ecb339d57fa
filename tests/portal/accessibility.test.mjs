import { before, describe } from "node:test";

import { accessible, cutsNothing, fitsItsWidth, settled, showsFocus, speaks, structured, targetsAtLeast } from "./harness/checks.mjs";
import { ADMIN_PAGES, OPEN_PAGES, furnish, signedInPages, stands } from "./harness/pages.mjs";
import { Portal } from "./harness/portal.mjs";
import { problem, refuse } from "./harness/refusals.mjs";
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
      const dave = await scene.signedIn("dave", { language, ...options });
      for (const path of ADMIN_PAGES) await visit(dave.page, path);
      if (faults.length > 0) throw new Error(faults.join("\n\n"));
    };

    /**
     * Both themes of what is on the screen, without loading it again.
     *
     * @param {import("playwright-core").Page} page
     * @param {string} where
     * @param {{ without?: string[] }} [rules]
     */
    const inBothThemes = async (page, where, rules) => {
      for (const theme of THEMES) {
        await page.emulateMedia({ colorScheme: theme });
        await page.waitForFunction((wanted) => document.documentElement.dataset["theme"] === wanted, theme);
        await accessible(page, `${where} (${language}, ${theme})`, { ...rules, onlyColours: theme !== THEMES[0] });
      }
      await page.emulateMedia({ colorScheme: "light" });
    };

    /**
     * What opens on the pages beside the chat.
     *
     * @param {import("./harness/stage.mjs").Scene} scene
     */
    const besideTheChat = async (scene) => {
      const { page } = await scene.signedIn("alice", { language, reducedMotion: true });
      const portal = new Portal(page, language);
      await page.goto(`${scene.stack.portal}/tools/azure/storage_account_create`);
      await portal.button("catalogue:run").click();
      await page.getByText(portal.text("catalogue:fault.required"), { exact: true }).first().waitFor();
      await inBothThemes(page, "a form with faults");

      await page.goto(`${scene.stack.portal}/audit?range=all`);
      await page.getByRole("list", { name: portal.text("audit:list"), exact: true }).getByRole("button").first().click();
      await portal.button("audit:chain.check").click();
      await page.getByText(portal.pattern("audit:chain.good")).waitFor();
      await inBothThemes(page, "an audit record, verified");
      await page.goto(`${scene.stack.portal}/audit?tool=none`);
      await page.getByText(portal.text("audit:empty"), { exact: true }).waitFor();
      await inBothThemes(page, "an audit without records");
      await page.route(`${scene.stack.api}/api/v1/audit?**`, (route) => refuse(route, problem(422, "query_invalid")));
      await page.goto(`${scene.stack.portal}/audit`);
      await page.getByRole("main").getByRole("alert").waitFor();
      await inBothThemes(page, "an audit that was refused");

      await page.goto(`${scene.stack.portal}/settings#data`);
      await portal.button("settings:data.begin").click();
      await page.getByRole("dialog").waitFor();
      await inBothThemes(page, "a deletion that is asked for");
    };

    its.test(
      "passes axe in light and dark",
      (scene) =>
        onEveryPage(scene, { reducedMotion: true }, async (page, where) => {
          await inBothThemes(page, where);
          await structured(page, where);
          await speaks(page, where, language);
        }),
      { timeout: 240_000 },
    );

    its.test(
      "passes axe with what opens on it",
      async (scene) => {
        const { page } = await scene.signedIn("alice", { language, reducedMotion: true, at: `/c/${furniture.answered}` });
        const portal = new Portal(page, language);
        const card = portal.toolCard("group_list").first();
        await card.getByRole("button").first().click();
        await card.getByRole("table").waitFor();
        await inBothThemes(page, "an open tool card");
        await card.getByRole("tab", { name: "JSON" }).click();
        await card.getByRole("tabpanel").getByText("results").first().waitFor();
        await inBothThemes(page, "a result as JSON");

        await page.getByRole("button", { name: portal.pattern("chat:model.label") }).click();
        await page.getByRole("menu").waitFor();
        // A menu is no part of a landmark: while it is open there is nothing else.
        await inBothThemes(page, "an open menu", { without: ["region"] });
        await page.keyboard.press("Escape");
        await portal.lastTurn.getByRole("button", { name: portal.text("chat:question.edit"), exact: true }).click();
        await page.getByRole("textbox", { name: portal.text("chat:question.edit_label"), exact: true }).waitFor();
        await inBothThemes(page, "an edited question");
        await page.keyboard.press("Escape");
        await portal.composer.fill("/group");
        await page.getByRole("option").first().waitFor();
        await inBothThemes(page, "the tools behind a slash");
        await portal.composer.fill("");
        await portal.openCommands();
        await inBothThemes(page, "the commands");
        await page.keyboard.press("Escape");
        await portal.search.fill("no such words");
        await portal.conversations.getByText(portal.text("sidebar:search.count", { count: 0 }), { exact: true }).waitFor();
        await inBothThemes(page, "a search without result");

        await page.goto(`${scene.stack.portal}/c/${furniture.waiting}`);
        await portal.button("approvals:deny").click();
        await page.getByRole("textbox", { name: portal.text("approvals:deny_reason") }).waitFor();
        await inBothThemes(page, "a reason to deny");

        await page.goto(`${scene.stack.portal}/approvals`);
        await page.getByRole("listitem").filter({ hasText: "storage_account_create" }).first().getByRole("button").first().click();
        await portal.previewIn(page.getByRole("main")).waitFor();
        await inBothThemes(page, "an approval of the inbox");

        await page.route(`${scene.stack.api}/api/v1/approvals?**`, (route) => refuse(route, problem(403, "forbidden")));
        await page.goto(`${scene.stack.portal}/approvals`);
        await page.getByRole("main").getByRole("alert").waitFor();
        await inBothThemes(page, "a list that was refused");
      },
      { timeout: 240_000 },
    );

    its.test(
      "fits 320 px with whole labels, and its targets a finger",
      (scene) => onEveryPage(scene, { phone: true, viewport: { width: 320, height: 640 } }, async (page, where) => {
        await settled(page);
        await fitsItsWidth(page, where);
        await cutsNothing(page, where);
        await targetsAtLeast(page, where, 24);
      }),
      { timeout: 120_000 },
    );

    // Which language it is makes no difference.
    if (language === "en") {
      its.test(
        "has targets for a thumb on a phone",
        (scene) => onEveryPage(scene, { phone: true, viewport: { width: 390, height: 844 } }, async (page, where) => {
          await settled(page);
          await targetsAtLeast(page, where, 44);
        }),
        { timeout: 120_000 },
      );

      its.test("passes axe with what opens beside the chat", besideTheChat, { timeout: 120_000 });

      its.test(
        "shows where the keyboard is",
        (scene) => onEveryPage(scene, {}, async (page, where) => {
          await settled(page);
          await showsFocus(page, where);
        }),
        { timeout: 120_000 },
      );
    }
  });
}
