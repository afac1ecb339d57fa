import assert from "node:assert/strict";
import { after, describe } from "node:test";

import { serverText } from "./harness/answers.mjs";
import { asked, call, effects, get, post } from "./harness/api.mjs";
import { hasFocus } from "./harness/keyboard.mjs";
import { longAnswer } from "./harness/long-answer.mjs";
import { MODEL_NAME, Model, OFFLINE_PLANNER } from "./harness/model.mjs";
import { Portal } from "./harness/portal.mjs";
import { stage } from "./harness/stage.mjs";
import { LANGUAGES } from "./harness/texts.mjs";
import { until } from "./harness/waiting.mjs";

const LIST_GROUPS = { en: "list my resource groups", ko: "내 리소스 그룹 보여줘" };
const CREATE = { en: "create storage account stjourneyen in rg-dev", ko: "rg-dev에 스토리지 계정 stjourneyko 만들어줘" };
const ACCOUNT = { en: "stjourneyen", ko: "stjourneyko" };

const DECISION = /\/v1\/approvals\/[^/]+\/decision$/;

/** The approval of the call of a turn of alice. @param {import("./harness/stack.mjs").Stack} stack @param {string} turn */
async function approvalOf(stack, turn) {
  const { calls } = await get(stack, "alice", `/v1/turns/${turn}`);
  return calls.find((/** @type {any} */ one) => one.approval != null).approval;
}

const model = await Model.start();

describe("alice", () => {
  // The planner answers, with the real Azure MCP Server; our model is there to be chosen.
  const its = stage({ env: model.environment(), model: OFFLINE_PLANNER });
  after(() => model.close());

  for (const language of LANGUAGES) {
    its.test(`asks in ${language}, and sees the tool's card and the answer`, async (scene) => {
      const { page } = await scene.signedIn("alice", { language });
      const portal = new Portal(page, language);
      assert.equal(await page.evaluate(() => document.documentElement.lang), language);
      await portal.ask(LIST_GROUPS[language]);
      assert.equal(await portal.answered(), "done");

      const table = portal.lastTurn.getByRole("table").first();
      await table.getByText("rg-dev", { exact: true }).first().waitFor();
      const said = await serverText(scene.stack, "alice", portal.conversation, await portal.lastTurnId());
      assert.equal(await portal.copyAnswer(), said);
      assert.equal(/[가-힣]/.test(said), language === "ko", `the answer is in ${language}`);

      const card = portal.toolCard("group_list").first();
      await card.getByText(portal.text("tools:status.ok"), { exact: true }).waitFor();
      await card.getByText(portal.text("effect.read_only"), { exact: true }).waitFor();
      await card.getByRole("button").first().click();
      await card.getByText(portal.text("tools:arguments"), { exact: true }).waitFor();
      await card.getByRole("table").first().waitFor();
      await card.getByRole("tab", { name: "JSON" }).click();
      await card.getByText("results").first().waitFor();
    });

    its.test(`creates a storage account in ${language}, with the yes that the policy demands`, async (scene) => {
      const before = (await effects(scene.stack)).length;
      const { page } = await scene.signedIn("alice", { language });
      const portal = new Portal(page, language);
      await portal.ask(CREATE[language]);
      await portal.phase("waiting_approval");
      const card = portal.toolCard("storage_account_create");
      await card.getByText(portal.text("effect.mutating"), { exact: true }).first().waitFor();
      await card.getByText(ACCOUNT[language]).first().waitFor();
      const turn = await get(scene.stack, "alice", `/v1/turns/${await portal.lastTurnId()}`);
      const { approval } = turn.calls.find((/** @type {any} */ one) => one.tool === "storage_account_create");
      await card.getByText(approval.digest.slice(0, 12)).waitFor();
      assert.equal(approval.preview_state, "shown");
      const told = new Map(approval.preview.fields.map((/** @type {any} */ field) => [field.name, field.new]));
      assert.ok(told.get("location") && told.get("sku"), JSON.stringify(approval.preview));
      await portal.previews(card, "create");
      await portal.previewRow(card, "location", told.get("location")).waitFor();
      await portal.previewRow(card, "sku", told.get("sku")).waitFor();
      await card.getByText(portal.text("approvals:preview.resources", { count: 1, n: 1 }), { exact: true }).waitFor();

      const deny = card.getByRole("button", { name: portal.text("approvals:deny"), exact: true });
      await until("Deny has the focus", () => deny.evaluate((button) => button === document.activeElement));
      assert.equal((await effects(scene.stack)).length, before, "nothing happens before the yes");
      await card.getByRole("button", { name: portal.text("approvals:approve"), exact: true }).click();
      assert.equal(await portal.answered(60_000), "done");
      await card.getByText(portal.text("tools:status.ok"), { exact: true }).waitFor();

      const happened = (await effects(scene.stack)).slice(before);
      assert.equal(happened.length, 1, JSON.stringify(happened));
      assert.ok(happened[0].resource_id.endsWith(`/storageAccounts/${ACCOUNT[language]}`), happened[0].resource_id);
      const pending = await get(scene.stack, "alice", "/v1/approvals?state=pending");
      assert.equal(pending.items.length, 0);
    });
  }

  its.test("has no destructive yes of her own: carol types the name and approves", async (scene) => {
    const before = (await effects(scene.stack)).length;
    const mine = await scene.signedIn("alice");
    const portal = new Portal(mine.page);
    await portal.ask("delete the virtual machine vm-dev-2 in rg-dev");
    await portal.phase("waiting_approval");
    const card = portal.toolCard("compute_vm_delete");
    await card.getByText(portal.text("approvals:for_another"), { exact: true }).waitFor();
    assert.equal(await card.getByRole("button", { name: portal.text("approvals:approve"), exact: true }).count(), 0);

    const hers = await scene.signedIn("carol", { at: "/approvals" });
    const inbox = new Portal(hers.page);
    const row = hers.page.getByRole("listitem").filter({ hasText: "compute_vm_delete" });
    await row.getByRole("button").first().click();
    const approve = row.getByRole("button", { name: inbox.text("approvals:approve"), exact: true });
    await approve.waitFor();
    await inbox.previews(row, "delete");
    await inbox.previewRow(row, "location", "koreacentral").waitFor();
    await row.getByText(inbox.text("approvals:preview.no_undo_delete"), { exact: true }).waitFor();
    assert.ok(await approve.isDisabled(), "not before the name is typed");
    await row.getByRole("textbox").fill("vm-dev-");
    assert.ok(await approve.isDisabled());
    await row.getByRole("textbox").fill("vm-dev-2");
    await approve.click();
    await row.waitFor({ state: "detached" });

    assert.equal(await portal.answered(60_000), "done");
    const happened = (await effects(scene.stack)).slice(before);
    assert.equal(happened.length, 1, JSON.stringify(happened));
  });

  its.test("is asked anew when what she agreed to is no longer what would happen", async (scene) => {
    const QUESTION = "create storage account stdrifts in rg-dev";
    const before = (await effects(scene.stack)).length;
    const { page } = await scene.signedIn("alice");
    const portal = new Portal(page);
    await portal.ask(QUESTION);
    await portal.phase("waiting_approval");
    const card = portal.toolCard("storage_account_create");
    await portal.previews(card, "create");
    const old = await approvalOf(scene.stack, await portal.lastTurnId());

    // Another conversation makes the same account first.
    const { turn } = await asked(scene.stack, "alice", QUESTION, { until: ["waiting"] });
    const first = await approvalOf(scene.stack, turn.id);
    await post(scene.stack, "alice", `/v1/approvals/${first.approval_id}/decision`, { decision: "approve", digest: first.digest });
    await until("the account is there", async () => (await get(scene.stack, "alice", `/v1/turns/${turn.id}`)).status === "done", 60_000);
    assert.equal((await effects(scene.stack)).length, before + 1);

    await card.getByRole("button", { name: portal.text("approvals:approve"), exact: true }).click();
    await card.getByText(portal.text("approvals:anew.title"), { exact: true }).waitFor({ timeout: 60_000 });
    await portal.previews(card, "nothing");
    await portal.phase("waiting_approval");
    const now = await approvalOf(scene.stack, await portal.lastTurnId());
    assert.equal(now.approval_id, old.approval_id);
    assert.notEqual(now.digest, old.digest);
    assert.equal((await effects(scene.stack)).length, before + 1, "the yes was for something else");
    const deny = card.getByRole("button", { name: portal.text("approvals:deny"), exact: true });
    await until("Deny has the focus", () => hasFocus(deny));

    // As if the new preview had not been there yet when the button was pressed.
    await page.route(DECISION, async (route) => {
      if (route.request().method() !== "POST") return route.fallback();
      await route.continue({ postData: JSON.stringify({ ...route.request().postDataJSON(), digest: old.digest }) });
    });
    await card.getByRole("button", { name: portal.text("approvals:approve"), exact: true }).click();
    await card.getByText(portal.text("approvals:refused.drifted"), { exact: true }).waitFor();
    await portal.previews(card, "nothing");
    await page.unroute(DECISION);
    await deny.click();
    await card.getByRole("textbox", { name: portal.text("approvals:deny_reason") }).fill("It is there already.");
    await card.getByRole("button", { name: portal.text("approvals:deny_confirm"), exact: true }).click();
    assert.equal(await portal.answered(), "done");
    assert.equal((await effects(scene.stack)).length, before + 1);
  });

  its.test("agrees once for the conversation, sees what that covers, and takes it back", async (scene) => {
    const { page } = await scene.signedIn("alice");
    const portal = new Portal(page);
    const question = "create storage account stkeepone in rg-dev";
    const callOf = async () => (await get(scene.stack, "alice", `/v1/turns/${await portal.lastTurnId()}`)).calls.find((/** @type {any} */ one) => one.tool === "storage_account_create");
    await portal.ask(question);
    await portal.phase("waiting_approval");
    const { remember } = (await callOf()).approval;
    const values = { tool: "azure.storage_account_create", place: "rg-dev/stkeepone", hours: remember.hours };
    await page.getByText(portal.text(`approvals:remember.${remember.covers}`, values), { exact: true }).waitFor();
    const choice = page.getByRole("checkbox", { name: portal.text("approvals:remember.label"), exact: true });
    assert.equal(await choice.isChecked(), false, "nobody agrees to more without saying so");
    await choice.check();
    await portal.button("approvals:approve").click();
    assert.equal(await portal.answered(60_000), "done");

    await portal.ask(question);
    assert.equal(await portal.answered(60_000), "done");
    const second = await callOf();
    assert.equal(second.approval ?? null, null, "nobody was asked");
    assert.equal(second.standing_approval.kind, "conversation");
    const card = portal.lastTurn.getByRole("group", { name: /storage_account_create/ });
    await card.getByRole("button").first().click();
    await card.getByText(portal.text("approvals:standing"), { exact: true }).waitFor();

    const grants = `/v1/conversations/${portal.conversation}/grants`;
    assert.equal((await get(scene.stack, "alice", grants)).items.length, 1);
    const { title } = await get(scene.stack, "alice", `/v1/conversations/${portal.conversation}`);
    await portal.chooseOf(title, "sidebar:menu.grants");
    const dialog = page.getByRole("dialog", { name: portal.text("approvals:grants.title"), exact: true });
    await dialog.getByText(values.tool, { exact: true }).waitFor();
    await dialog.getByRole("button", { name: portal.text("approvals:grants.take_back_named", { tool: values.tool }), exact: true }).click();
    await dialog.getByText(portal.text("approvals:grants.none"), { exact: true }).waitFor();
    assert.deepEqual((await get(scene.stack, "alice", grants)).items, []);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await portal.ask(question);
    await portal.phase("waiting_approval");
  });

  its.test("says no with a reason, and nothing happens", async (scene) => {
    const before = (await effects(scene.stack)).length;
    const { page } = await scene.signedIn("alice");
    const portal = new Portal(page);
    await portal.ask("create storage account stdenied in rg-dev");
    await portal.phase("waiting_approval");
    const card = portal.toolCard("storage_account_create");
    await card.getByRole("button", { name: portal.text("approvals:deny"), exact: true }).click();
    const reason = card.getByRole("textbox", { name: portal.text("approvals:deny_reason") });
    await reason.fill("Not needed any more.");
    await card.getByRole("button", { name: portal.text("approvals:deny_confirm"), exact: true }).click();
    assert.equal(await portal.answered(), "done");
    await card.getByText(portal.text("tools:status.denied"), { exact: true }).waitFor();
    assert.equal((await effects(scene.stack)).length, before);
    await page.goto(`${scene.stack.portal}/approvals?state=decided`);
    const row = page.getByRole("listitem").filter({ hasText: "storage_account_create" }).first();
    await row.getByRole("button").first().click();
    await row.getByText("Not needed any more.").waitFor();
  });

  its.test("reads a secret that carol agrees to, once and nowhere else", async (scene) => {
    const VALUE = "sandbox-value-of-dev-db-connection";
    const mine = await scene.signedIn("alice");
    const portal = new Portal(mine.page);
    await portal.ask("/keyvault_secret_get vault=kv-dev secret=db-connection");
    await portal.phase("waiting_approval");
    const card = portal.toolCard("keyvault_secret_get");
    await card.getByText(portal.text("tools:secret.badge"), { exact: true }).waitFor();

    const hers = await scene.signedIn("carol", { at: "/approvals" });
    const inbox = new Portal(hers.page);
    const row = hers.page.getByRole("listitem").filter({ hasText: "keyvault_secret_get" });
    await row.getByText(inbox.text("tools:secret.badge"), { exact: true }).waitFor();
    await row.getByRole("button").first().click();
    await row.getByText(inbox.text("approvals:read.reveals_of", { who: "Alice Kim", name: "db-connection", vault: "kv-dev" }), { exact: true }).waitFor();
    await row.getByText(inbox.text("approvals:read.nothing_changes"), { exact: true }).waitFor();
    await row.getByRole("button", { name: inbox.text("approvals:approve"), exact: true }).click();
    assert.equal(await portal.answered(60_000), "done");

    const late = await scene.signedIn("alice", { at: `/c/${portal.conversation}` });
    const show = (/** @type {import("playwright-core").Page} */ page) => page.getByRole("button", { name: portal.text("tools:secret.show"), exact: true });
    await show(late.page).waitFor();
    await show(mine.page).click();
    await mine.page.getByRole("region", { name: portal.text("tools:secret.value"), exact: true }).getByText(VALUE, { exact: true }).waitFor();
    const keeps = (/** @type {import("playwright-core").Page} */ page) =>
      page.evaluate((value) => [sessionStorage, localStorage].some((store) => JSON.stringify({ ...store }).includes(value)), VALUE);
    assert.equal(await keeps(mine.page), false, "the browser keeps it nowhere");
    await card.getByRole("button", { name: portal.text("tools:secret.copy"), exact: true }).click();
    assert.equal(await mine.page.evaluate(() => navigator.clipboard.readText()), VALUE);
    await card.getByRole("button", { name: portal.text("tools:secret.hide"), exact: true }).click();
    await card.getByText(portal.pattern("tools:secret.shown_at")).waitFor();
    await mine.page.reload();
    await card.getByText(portal.pattern("tools:secret.shown_at")).waitFor();
    assert.equal(await mine.page.getByText(VALUE).count(), 0);
    assert.equal(await show(mine.page).count(), 0);

    // Whoever did not know that it was shown learns so.
    await show(late.page).click();
    await late.page.getByText(portal.text("tools:secret.gone"), { exact: true }).waitFor();
  });

  its.test("types a key, which is sealed before anybody keeps it", async (scene) => {
    const key = `${"x8Fq2LmN7vRt5KpZ".repeat(6).slice(0, 86)}==`;
    const { page } = await scene.signedIn("alice");
    const portal = new Portal(page);
    await portal.composer.fill(`AccountKey=${key} belongs to which storage account?`);
    await page.getByText(portal.text("chat:composer.secret"), { exact: true }).waitFor();
    await portal.composer.press("Enter");
    await page.waitForURL(/\/c\/c_/);
    assert.equal(await portal.answered(), "done");
    const chip = portal.lastTurn.getByRole("button", { name: portal.text("chat:sealed.chip"), exact: true });
    await chip.click();
    await portal.lastTurn.getByText(portal.text("chat:sealed.text"), { exact: true }).waitFor();
    assert.equal(await page.getByText(key).count(), 0);
    // Asked again, the same words would name what is gone.
    await portal.lastTurn.getByRole("button", { name: portal.text("chat:answer.retry"), exact: true }).click();
    await portal.lastTurn.getByText(portal.text("chat:sealed.again"), { exact: true }).waitFor();
    assert.equal(await portal.turns.count(), 1);
  });

  its.test("only looks while the mode says so, and is asked in person after a tool has spoken", async (scene) => {
    const before = (await effects(scene.stack)).length;
    const { page } = await scene.signedIn("alice", { language: "ko" });
    const portal = new Portal(page, "ko");
    await portal.chooseMode("read_only");
    await portal.ask("rg-dev에 스토리지 계정 stmode 만들어줘");
    assert.equal(await portal.answered(), "done");
    const denied = portal.toolCard("storage_account_create").first();
    await denied.getByRole("button").first().click();
    await denied.getByText(portal.text("outcomes:reason.read_only_mode"), { exact: true }).waitFor();
    await page.reload();
    await page.getByRole("button", { name: portal.text("chat:mode.label", { name: portal.text("chat:mode.read_only.name") }), exact: true }).waitFor();

    await portal.chooseMode("autonomous");
    await portal.ask("rg-dev에 스토리지 계정 stmode 만들어줘");
    await portal.phase("waiting_approval");
    const asked = portal.lastTurn.getByRole("group", { name: /storage_account_create/ });
    await asked.getByText(portal.text("approvals:outside.title"), { exact: true }).waitFor();
    await portal.lastTurn.getByTitle(portal.text("chat:mode.autonomous.text"), { exact: true }).waitFor();
    assert.equal((await effects(scene.stack)).length, before);
    assert.equal((await get(scene.stack, "alice", `/v1/turns/${await portal.lastTurnId()}`)).mode, "autonomous");
    await portal.stopButton.click();
    assert.equal(await portal.answered(), "cancelled");
  });

  its.test("watches an answer grow", async (scene) => {
    const { page } = await scene.signedIn("alice");
    const portal = new Portal(page);
    await portal.chooseModel(MODEL_NAME);
    model.script = () => ({ text: longAnswer(300, 5), perSecond: 100 });
    await page.evaluate(() => {
      /** @type {number[]} */
      const lengths = [];
      const look = () => {
        const length = document.querySelector("article[data-phase]:last-of-type")?.textContent?.length ?? 0;
        if (length !== lengths.at(-1)) lengths.push(length);
        requestAnimationFrame(look);
      };
      look();
      // @ts-expect-error read below
      window.__lengths = lengths;
    });
    await portal.ask("Tell me about my subscriptions");
    assert.equal(await portal.answered(), "done");
    // @ts-expect-error written above
    const lengths = /** @type {number[]} */ (await page.evaluate(() => window.__lengths));
    const steps = lengths.filter((length, index) => length > Math.max(0, ...lengths.slice(0, index)));
    scene.say(`the text grew in ${steps.length} frames`);
    assert.ok(steps.length >= 20, `the text grew ${steps.length} times only`);
    await portal.chooseModel(OFFLINE_PLANNER);
  });

  its.test("finds the conversation again after a reload", async (scene) => {
    const { page } = await scene.signedIn("alice");
    const portal = new Portal(page);
    await portal.ask("show the storage accounts in Contoso-Dev");
    assert.equal(await portal.answered(), "done");
    const table = portal.lastTurn.getByRole("table").first();
    const said = await portal.copyAnswer();
    const shown = await table.innerText();
    const isThere = async () => (await portal.turns.count()) === 1 && (await table.count()) === 1 && (await table.innerText()) === shown;
    await portal.row("show the storage accounts in Contoso-Dev").waitFor();

    await page.goto(`${scene.stack.portal}/c`);
    await portal.row("show the storage accounts in Contoso-Dev").click();
    await page.waitForURL(/\/c\/c_/);
    await until("the same answer stands there", isThere);
    assert.equal(await portal.copyAnswer(), said);
    await page.reload();
    await until("it stands there after a reload", isThere);
    assert.equal(await portal.copyAnswer(), said);
  });

  its.test("stops a running answer", async (scene) => {
    const { page } = await scene.signedIn("alice");
    const portal = new Portal(page);
    await portal.chooseModel(MODEL_NAME);
    for (const way of ["button", "Escape"]) {
      const abandoned = model.abandoned;
      model.script = () => ({ text: longAnswer(4_000, 3), perSecond: 100 });
      await portal.ask(`Tell me everything, until ${way}`);
      await portal.phase("writing");
      await page.evaluate(() => {
        // @ts-expect-error read below
        window.__idle = new Promise((done) => {
          let from = 0;
          const pressed = () => (from ||= performance.now());
          document.addEventListener("click", pressed, { capture: true, once: true });
          document.addEventListener("keydown", pressed, { capture: true, once: true });
          const look = () => {
            const phase = document.querySelector("article[data-phase]:last-of-type")?.getAttribute("data-phase");
            const running = [...document.querySelectorAll("button")].some((button) => /^(Stop)$/.test(button.textContent?.trim() ?? ""));
            if (from > 0 && phase !== "writing" && !running) done(performance.now() - from);
            else requestAnimationFrame(look);
          };
          look();
        });
      });
      if (way === "button") await portal.stopButton.click();
      else {
        await page.locator("body").click({ position: { x: 640, y: 300 } }).catch(() => undefined);
        await page.keyboard.press("Escape");
      }
      // @ts-expect-error written above
      const ms = /** @type {number} */ (await page.evaluate(() => window.__idle));
      scene.say(`${way}: idle after ${ms.toFixed(0)} ms`);
      assert.ok(ms <= 500, `idle after ${ms.toFixed(0)} ms`);
      assert.equal(await portal.answered(5_000), "cancelled");
      assert.equal((await get(scene.stack, "alice", `/v1/turns/${await portal.lastTurnId()}`)).status, "cancelled");
      await until("the model's call ended", () => model.abandoned === abandoned + 1, 1_500);
    }
    await portal.composer.fill("Something else");
    assert.ok(await portal.sendButton.isEnabled(), "one can go on");
    await portal.composer.fill("");
    await portal.chooseModel(OFFLINE_PLANNER);
  });

  its.test("retries and edits: the branches stay, also after a reload", async (scene) => {
    const { page } = await scene.signedIn("alice");
    const portal = new Portal(page);
    await portal.chooseModel(MODEL_NAME);
    let count = 0;
    model.script = ({ question }) => ({ text: `Answer ${(count += 1)} to: ${question}` });
    await portal.ask("First question");
    assert.equal(await portal.answered(), "done");
    await portal.lastTurn.getByText("Answer 1 to: First question").waitFor();

    await portal.lastTurn.getByRole("button", { name: portal.text("chat:answer.retry"), exact: true }).click();
    await portal.lastTurn.getByText("Answer 2 to: First question").waitFor();
    assert.equal(await portal.answered(), "done");
    await portal.lastTurn.getByText("2/2", { exact: true }).waitFor();

    await portal.lastTurn.getByRole("button", { name: portal.text("chat:question.edit"), exact: true }).click();
    const editor = page.getByRole("textbox", { name: portal.text("chat:question.edit_label"), exact: true });
    assert.equal(await editor.inputValue(), "First question");
    await editor.fill("Edited question");
    await portal.lastTurn.getByRole("button", { name: portal.text("chat:question.send"), exact: true }).click();
    await portal.lastTurn.getByText("Answer 3 to: Edited question").waitFor();
    assert.equal(await portal.answered(), "done");
    await portal.lastTurn.getByText("3/3", { exact: true }).waitFor();
    assert.equal(await portal.turns.count(), 1);

    await portal.ask("A second question");
    assert.equal(await portal.answered(), "done");
    assert.equal(await portal.turns.count(), 2);

    const branches = [
      ["1/3", "Answer 1 to: First question", 1],
      ["2/3", "Answer 2 to: First question", 1],
      ["3/3", "Answer 3 to: Edited question", 2],
    ];
    const walk = async () => {
      const first = portal.turns.first();
      const back = first.getByRole("button", { name: portal.text("chat:branch.previous"), exact: true });
      const on = first.getByRole("button", { name: portal.text("chat:branch.next"), exact: true });
      while (await back.isEnabled()) await back.click();
      for (const [position, text, turns] of branches) {
        await first.getByText(String(position), { exact: true }).waitFor();
        await first.getByText(String(text)).waitFor();
        await until(`${turns} turns are shown`, async () => (await portal.turns.count()) === turns);
        if (position !== "3/3") await on.click();
      }
    };
    await walk();
    // The branch that is shown stays the one that is shown.
    await portal.turns.first().getByRole("button", { name: portal.text("chat:branch.previous"), exact: true }).click();
    await portal.turns.first().getByText("2/3", { exact: true }).waitFor();
    await page.reload();
    await portal.turns.first().getByText("2/3", { exact: true }).waitFor();
    await walk();
    await portal.chooseModel(OFFLINE_PLANNER);
  });

  its.test("renames, pins, searches, deletes and takes it back", async (scene) => {
    const { conversation } = await asked(scene.stack, "alice", "which subscriptions do I have?");
    const { page } = await scene.signedIn("alice", { at: `/c/${conversation}` });
    const portal = new Portal(page);
    const old = (await get(scene.stack, "alice", `/v1/conversations/${conversation}`)).title;
    await portal.row(old).waitFor();

    await portal.chooseOf(old, "sidebar:menu.rename");
    const field = page.getByRole("textbox", { name: portal.text("sidebar:rename.label"), exact: true });
    await until("the field has the focus", () => field.evaluate((input) => input === document.activeElement));
    await field.fill("Quarterly 감사");
    await field.press("Enter");
    await portal.row("Quarterly 감사").waitFor();
    await page.getByRole("heading", { level: 1, name: "Quarterly 감사" }).waitFor();
    await until("the server has the name", async () => (await get(scene.stack, "alice", `/v1/conversations/${conversation}`)).title === "Quarterly 감사");

    await portal.chooseOf("Quarterly 감사", "sidebar:menu.pin");
    await portal.conversations.getByText(portal.text("sidebar:group.pinned"), { exact: true }).waitFor();
    await until("the server has the pin", async () => (await get(scene.stack, "alice", `/v1/conversations/${conversation}`)).pinned === true);
    await page.reload();
    await portal.conversations.getByText(portal.text("sidebar:group.pinned"), { exact: true }).waitFor();

    await portal.search.fill("감사");
    await portal.conversations.getByText(portal.text("sidebar:search.count", { count: 1 }), { exact: true }).waitFor();
    await portal.row("Quarterly 감사").waitFor();
    await portal.search.fill("no such words anywhere");
    await portal.conversations.getByText(portal.text("sidebar:search.count", { count: 0 }), { exact: true }).waitFor();
    await portal.search.press("Escape");
    assert.equal(await portal.search.inputValue(), "");

    await portal.chooseOf("Quarterly 감사", "sidebar:menu.delete");
    await portal.row("Quarterly 감사").waitFor({ state: "detached" });
    await page.waitForURL("**/c");
    await until("the server has deleted it", async () => (await call(scene.stack, "alice", "GET", `/v1/conversations/${conversation}`)).status === 404);
    await portal.button("undo").click();
    await portal.row("Quarterly 감사").waitFor();
    await page.waitForURL(`**/c/${conversation}`);
    await portal.turns.first().waitFor();
    assert.equal((await get(scene.stack, "alice", `/v1/conversations/${conversation}`)).title, "Quarterly 감사");
  });

  its.test("has conversations that bob finds by no link and no search", async (scene) => {
    const { conversation } = await asked(scene.stack, "alice", "show the key vaults, zebrafish");
    const { page } = await scene.signedIn("bob", { at: `/c/${conversation}` });
    const portal = new Portal(page);
    await page.getByRole("heading", { level: 1, name: portal.text("pages:not_found.title"), exact: true }).waitFor();
    assert.equal(await page.getByText("zebrafish").count(), 0);
    await portal.search.fill("zebrafish");
    await portal.conversations.getByText(portal.text("sidebar:search.count", { count: 0 }), { exact: true }).waitFor();
    assert.equal(await portal.row(/zebrafish/).count(), 0);

    const alice = new Portal((await scene.signedIn("alice")).page);
    await alice.search.fill("zebrafish");
    await alice.row(/zebrafish/).first().waitFor();
  });
});
