import assert from "node:assert/strict";
import { describe } from "node:test";

import { effects, get } from "./harness/api.mjs";
import { hasFocus, tabTo } from "./harness/keyboard.mjs";
import { Portal } from "./harness/portal.mjs";
import { stage } from "./harness/stage.mjs";
import { LANGUAGES } from "./harness/texts.mjs";
import { until } from "./harness/waiting.mjs";

const CREATE = { en: "create storage account stkeysen in rg-dev", ko: "rg-dev에 스토리지 계정 stkeysko 만들어줘" };

describe("the keyboard alone", () => {
  const its = stage();

  for (const language of LANGUAGES) {
    its.test(`signs in, asks, approves and renames in ${language}`, async (scene) => {
      const before = (await effects(scene.stack)).length;
      const { page } = await scene.tab({ language });
      const portal = new Portal(page, language);
      await page.goto(`${scene.stack.portal}/c`);
      await tabTo(page, portal.button("login:sign_in"));
      await page.keyboard.press("Enter");
      await tabTo(page, page.locator("button[value=alice]"));
      await page.keyboard.press("Enter");
      await page.waitForURL(`${scene.stack.portal}/c`);

      await portal.composer.waitFor();
      await tabTo(page, portal.composer);
      await page.keyboard.type(CREATE[language]);
      await page.keyboard.press("Enter");
      await page.waitForURL(/\/c\/c_/);
      await portal.phase("waiting_approval");

      const deny = portal.button("approvals:deny");
      await until("Deny has the focus", () => hasFocus(deny));
      // Enter without a choice denies nothing and approves nothing: it asks why not.
      await page.keyboard.press("Enter");
      await page.getByRole("textbox", { name: portal.text("approvals:deny_reason") }).waitFor();
      await tabTo(page, portal.button("approvals:back"));
      await page.keyboard.press("Enter");
      await until("Deny has the focus again", () => hasFocus(deny));
      assert.equal((await effects(scene.stack)).length, before);
      await tabTo(page, portal.button("approvals:approve"), { most: 1 });
      await page.keyboard.press("Enter");
      assert.equal(await portal.answered(60_000), "done");
      assert.equal((await effects(scene.stack)).length, before + 1);
      await until("the focus is not lost", () => page.evaluate(() => document.activeElement !== document.body));

      const { title } = await get(scene.stack, "alice", `/v1/conversations/${portal.conversation}`);
      // The list is one stop of Tab; within it the arrows lead.
      await tabTo(page, portal.conversations.locator('a[tabindex="0"]'), { back: true });
      await page.keyboard.press("Home");
      await until("the conversation has the focus", async () => {
        if (await hasFocus(portal.row(title))) return true;
        await page.keyboard.press("ArrowDown");
        return false;
      });
      await page.keyboard.press("F2");
      const field = page.getByRole("textbox", { name: portal.text("sidebar:rename.label"), exact: true });
      await until("the name can be typed", () => hasFocus(field));
      await page.keyboard.press("ControlOrMeta+a");
      await page.keyboard.type(`By keys ${language}`);
      await page.keyboard.press("Enter");
      await until("the row has the focus", () => hasFocus(portal.row(`By keys ${language}`)));
      await until(
        "the server has the name",
        async () => (await get(scene.stack, "alice", `/v1/conversations/${portal.conversation}`)).title === `By keys ${language}`,
      );
    });
  }

  its.test("reaches everything by shortcuts, which can be switched off", async (scene) => {
    const { page } = await scene.signedIn("alice");
    const portal = new Portal(page);
    await portal.composer.waitFor();
    await page.evaluate(() => document.body.focus());
    const palette = await portal.openCommands();
    await palette.waitFor();
    await page.keyboard.press("Escape");
    await palette.waitFor({ state: "detached" });
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: portal.text("shortcut.title") }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.evaluate(() => (document.activeElement instanceof HTMLElement ? document.activeElement.blur() : undefined));
    await page.keyboard.press("/");
    await until("/ leads to the question", () => hasFocus(portal.composer));
    assert.equal(await portal.composer.inputValue(), "", "the key itself is not typed");

    await page.goto(`${scene.stack.portal}/settings`);
    // One by itself, the others stay.
    await page.getByRole("switch", { name: portal.text("shortcut.focus_composer"), exact: true }).click();
    await page.goto(`${scene.stack.portal}/c`);
    await portal.composer.waitFor();
    await page.evaluate(() => (document.activeElement instanceof HTMLElement ? document.activeElement.blur() : undefined));
    await page.keyboard.press("/");
    assert.equal(await hasFocus(portal.composer), false, "/ alone is off");
    await until("? works on", async () => {
      if ((await page.getByRole("dialog").count()) > 0) return true;
      await page.keyboard.press("?");
      return false;
    });

    await page.goto(`${scene.stack.portal}/settings`);
    const toggle = page.getByRole("switch", { name: portal.text("settings:shortcuts.switch") }).or(page.getByRole("checkbox", { name: portal.text("settings:shortcuts.switch") }));
    await toggle.click();
    await page.goto(`${scene.stack.portal}/c`);
    await portal.composer.waitFor();
    await page.evaluate(() => (document.activeElement instanceof HTMLElement ? document.activeElement.blur() : undefined));
    await page.keyboard.press("/");
    assert.equal(await hasFocus(portal.composer), false);
  });

  its.test("writes a second line, begins anew and folds the sidebar", async (scene) => {
    const { page } = await scene.signedIn("alice");
    const portal = new Portal(page);
    await tabTo(page, portal.composer);
    await page.keyboard.type("list my");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("resource groups");
    assert.equal(await portal.composer.inputValue(), "list my\nresource groups");
    assert.equal(await portal.turns.count(), 0, "nothing was sent");
    await page.keyboard.press("Enter");
    assert.equal(await portal.answered(), "done");

    await page.keyboard.press("Control+Shift+O");
    await page.waitForURL(`${scene.stack.portal}/c`);
    await until("one can write at once", () => hasFocus(portal.composer));

    const width = async () => (await page.getByRole("complementary", { name: portal.text("nav.sidebar"), exact: true }).boundingBox())?.width ?? 0;
    const wide = await width();
    await page.keyboard.press("Control+b");
    await until("the sidebar is folded", async () => (await width()) < wide / 3);
    await page.keyboard.press("Control+b");
    await until("the sidebar is back", async () => (await width()) === wide);
  });

  its.test("finds a tool behind a slash, and takes up the last question again", async (scene) => {
    const { page } = await scene.signedIn("alice");
    const portal = new Portal(page);
    await tabTo(page, portal.composer);
    await page.keyboard.type("/account_cre");
    const option = page.getByRole("listbox", { name: portal.text("chat:slash.label"), exact: true }).getByRole("option", { selected: true });
    await option.getByText("storage_account_create", { exact: true }).waitFor();
    assert.equal(await portal.composer.getAttribute("aria-activedescendant"), await option.getAttribute("id"));
    await page.keyboard.press("Enter");
    assert.equal(await portal.composer.inputValue(), "/storage_account_create ");
    await option.waitFor({ state: "detached" });
    assert.equal(await portal.turns.count(), 0, "nothing was sent");
    // Escape closes the menu and keeps what is written.
    await portal.composer.fill("/group");
    await option.waitFor();
    await page.keyboard.press("Escape");
    await option.waitFor({ state: "detached" });
    assert.equal(await portal.composer.inputValue(), "/group");
    await portal.composer.fill("");

    await portal.ask("list my resource groups");
    assert.equal(await portal.answered(), "done");
    await until("one goes on writing", () => hasFocus(portal.composer));
    await page.keyboard.press("ArrowUp");
    const editor = page.getByRole("textbox", { name: portal.text("chat:question.edit_label"), exact: true });
    await until("the last question is edited", () => hasFocus(editor));
    assert.equal(await editor.inputValue(), "list my resource groups");
    await page.keyboard.press("Escape");
    await editor.waitFor({ state: "detached" });
    await until("the focus is back", () => hasFocus(portal.composer));
  });
});
