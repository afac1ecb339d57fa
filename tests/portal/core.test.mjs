/** What the product is for, by keys alone and by touch on a phone, in both languages. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe } from "node:test";

import { effects, get } from "./harness/api.mjs";
import { Hands } from "./harness/hands.mjs";
import { hasFocus, tabTo } from "./harness/keyboard.mjs";
import { Portal } from "./harness/portal.mjs";
import { stage } from "./harness/stage.mjs";
import { LANGUAGES } from "./harness/texts.mjs";
import { until } from "./harness/waiting.mjs";

const WAYS = /** @type {const} */ (["keys", "touch"]);

/** A machine for each run, and what is asked about it. */
const ASKED = {
  "en keys": ["vm-dev-1", "delete the virtual machine vm-dev-1 in rg-dev"],
  "ko keys": ["vm-dev-2", "rg-dev의 가상 머신 vm-dev-2 삭제해줘"],
  "en touch": ["vm-test-1", "delete the virtual machine vm-test-1 in rg-dev-test"],
  "ko touch": ["vm-prod-web-1", "rg-prod-web의 가상 머신 vm-prod-web-1 삭제해줘"],
};

/** A permit that none of the journeys needs. */
const UNUSED = /@id\("operators-change-what-they-agree-to"\)[\s\S]*?\};\n/;

describe("the five core journeys", () => {
  const its = stage();
  /** @type {string | undefined} the policies before anybody changed them */
  let builtIn;

  for (const language of LANGUAGES) {
    for (const way of WAYS) {
      its.test(
        `run by ${way} in ${language}`,
        async (scene) => {
          const [machine, question] = /** @type {[string, string]} */ (ASKED[`${language} ${way}`]);
          /** Somebody signs in, on the way to a page. @param {string} user @param {string} path */
          const arrives = async (user, path) => {
            const { page } = await scene.tab({ language, phone: way === "touch" });
            const [portal, hands] = [new Portal(page, language), new Hands(page, way)];
            await page.goto(scene.stack.portal + path);
            await hands.press(portal.button("login:sign_in"));
            await hands.press(page.locator(`button[value=${user}]`));
            await page.waitForURL(scene.stack.portal + path);
            return { page, portal, hands };
          };
          /** Follows a link of the sidebar, which is a drawer on a phone. @param {Awaited<ReturnType<typeof arrives>>} of @param {string} key */
          const goTo = async ({ page, portal, hands }, key) => {
            if (way === "touch") await hands.press(portal.button("nav.open_menu"));
            await hands.press(page.getByRole("link", { name: portal.text(key), exact: false }).last());
          };

          // Sign in and ask.
          const before = (await effects(scene.stack)).length;
          const alice = await arrives("alice", "/c");
          await alice.hands.write(alice.portal.composer, question);
          await alice.hands.press(alice.portal.sendButton);
          await alice.portal.phase("waiting_approval");
          const turn = await alice.portal.lastTurnId();

          // Approve the change as another person.
          const carol = await arrives("carol", "/approvals");
          const row = carol.page.getByRole("listitem").filter({ hasText: machine });
          await carol.hands.press(row.getByRole("button"));
          await carol.hands.write(row.getByRole("textbox"), machine);
          await carol.hands.press(row.getByRole("button", { name: carol.portal.text("approvals:approve"), exact: true }));
          await row.waitFor({ state: "detached" });
          assert.equal(await alice.portal.answered(60_000), "done");
          assert.equal((await effects(scene.stack)).length, before + 1);

          // Find it in the audit and verify the chain.
          await goTo(carol, "nav.audit");
          await carol.page.waitForURL("**/audit");
          await carol.hands.write(carol.page.getByRole("textbox", { name: carol.portal.text("audit:turn"), exact: true }), turn);
          await carol.hands.press(carol.portal.button("audit:apply"));
          const records = carol.page.getByRole("list", { name: carol.portal.text("audit:list"), exact: true }).getByRole("listitem");
          await carol.hands.press(carol.portal.button("audit:chain.check"));
          await carol.page.getByText(carol.portal.pattern("audit:chain.good")).waitFor();
          await carol.hands.press(records.filter({ hasText: machine }).first().getByRole("button"));
          const { items } = await get(scene.stack, "carol", `/v1/audit?limit=100&turn_id=${turn}`);
          assert.equal(await records.count(), items.length);

          // Change a policy, with a look at what that does.
          const dave = await arrives("dave", "/admin/policies");
          const editor = dave.page.getByRole("textbox", { name: dave.portal.text("admin:policies.editor"), exact: true });
          const { text } = await get(scene.stack, "dave", "/v1/admin/policies");
          builtIn ??= text;
          await editor.waitFor();
          await dave.hands.write(editor, text === builtIn ? text.replace(UNUSED, "") : builtIn);
          await dave.hands.press(dave.portal.button("admin:policies.look"));
          await dave.page.getByRole("region", { name: dave.portal.text("admin:policies.preview.title"), exact: true }).waitFor({ timeout: 60_000 });
          await dave.hands.write(dave.page.getByRole("textbox", { name: dave.portal.text("admin:policies.reason"), exact: true }), `${language} ${way}`);
          await dave.hands.press(dave.portal.button("admin:policies.store"));
          await until("it is stored", async () => (await get(scene.stack, "dave", "/v1/admin/policies")).stored?.reason === `${language} ${way}`);

          // Export the conversation.
          if (way === "touch") await alice.hands.press(alice.portal.button("nav.open_menu"));
          const title = (await get(scene.stack, "alice", `/v1/conversations/${alice.portal.conversation}`)).title;
          const menu = alice.portal.button("sidebar:menu.open", { title });
          if (way === "keys") {
            // The list is one stop of Tab; within it the arrows lead.
            await tabTo(alice.page, alice.portal.conversations.locator('a[tabindex="0"]'));
            await alice.page.keyboard.press("Home");
            await until("the conversation has the focus", async () => {
              if (await hasFocus(alice.portal.row(title))) return true;
              await alice.page.keyboard.press("ArrowDown");
              return false;
            });
          }
          await alice.hands.press(menu);
          const entry = alice.page.getByRole("menuitem", { name: alice.portal.text("sidebar:menu.export_markdown"), exact: true });
          await entry.waitFor();
          const download = alice.page.waitForEvent("download");
          if (way === "touch") await entry.tap();
          else {
            await until("the entry is chosen", async () => {
              if (await hasFocus(entry)) return true;
              await alice.page.keyboard.press("ArrowDown");
              return false;
            });
            await alice.page.keyboard.press("Enter");
          }
          assert.ok((await readFile(await (await download).path(), "utf8")).includes(question));
        },
        { timeout: 120_000 },
      );
    }
  }
});
