import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe } from "node:test";

import { asked, call, effects, get, post } from "./harness/api.mjs";
import { hasFocus, tabTo } from "./harness/keyboard.mjs";
import { Portal } from "./harness/portal.mjs";
import { problem, refuse } from "./harness/refusals.mjs";
import { stage } from "./harness/stage.mjs";
import { LANGUAGES } from "./harness/texts.mjs";
import { until } from "./harness/waiting.mjs";

/** Object id of the sandbox. */
const ALICE = "00000000-0000-4000-8000-0000000000c1";

describe("what one may use, has used, and what is kept of one", () => {
  const its = stage({ env: { AZIMUTH_QUOTAS: "on", AZIMUTH_MODEL_PRICE: "offline-planner=1000/2000" } });

  its.test("tells usage by day, tool and model, and everybody's by person", async (scene) => {
    const eve = await scene.signedIn("eve", { at: "/usage", language: "ko" });
    const korean = new Portal(eve.page, "ko");
    await eve.page.getByText(korean.text("usage:empty"), { exact: true }).waitFor();
    await eve.page.getByRole("link", { name: korean.text("usage:empty_action"), exact: true }).waitFor();

    const { conversation } = await asked(scene.stack, "alice", "list my resource groups");
    const { page } = await scene.signedIn("alice", { at: "/usage" });
    const portal = new Portal(page);
    const table = (/** @type {string} */ by) => page.getByRole("table", { name: portal.text("usage:table", { by: portal.text(`usage:by.${by}`) }), exact: true });
    const tab = (/** @type {string} */ by) => page.getByRole("tab", { name: portal.text(`usage:by.${by}`), exact: true });
    const rows = async (/** @type {string} */ by, scope = "own") => (await get(scene.stack, scope === "own" ? "alice" : "dave", `/v1/usage?by=${by}&scope=${scope}`)).items;
    const [today] = await rows("day");
    await table("day").getByRole("cell", { name: String(today.tool_calls), exact: true }).first().waitFor();
    await page.getByRole("img", { name: portal.pattern("usage:chart", { measure: portal.text("usage:measure.tool_calls"), most: today.tool_calls }) }).waitFor();
    await page.getByRole("meter", { name: portal.text("quotas:name.tool_calls_per_day"), exact: true }).waitFor();
    assert.equal(await page.getByRole("combobox", { name: portal.text("usage:scope_label"), exact: true }).count(), 0, "everybody's is not hers to see");
    assert.equal(await tab("user").count(), 0);

    await tabTo(page, tab("day"));
    await page.keyboard.press("ArrowRight");
    const tools = await rows("tool");
    for (const { key, tool_calls } of tools) {
      await table("tool").getByRole("row").filter({ hasText: key }).getByRole("cell", { name: String(tool_calls), exact: true }).waitFor();
    }
    await page.reload();
    await table("tool").waitFor();
    await tab("model").click();
    const [model] = await rows("model");
    const cost = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(model.cost_micros / 1_000_000);
    await table("model").getByRole("row").filter({ hasText: model.key }).getByRole("cell", { name: cost, exact: true }).waitFor();
    // It is all that she has asked for, and the conversation says the same of itself.
    await page.goto(`${scene.stack.portal}/c/${conversation}`);
    await page.getByRole("banner").or(page.locator("header")).getByText(portal.text("chat:tokens.cost", { cost })).waitFor();

    const dave = await scene.signedIn("dave", { at: "/usage" });
    await dave.page.getByRole("combobox", { name: portal.text("usage:scope_label"), exact: true }).selectOption("tenant");
    await dave.page.getByRole("tab", { name: portal.text("usage:by.user"), exact: true }).click();
    const hers = (await rows("user", "tenant")).find((/** @type {any} */ row) => row.key === ALICE);
    await dave.page.getByRole("row").filter({ hasText: "Alice Kim" }).getByRole("cell", { name: String(hers.tool_calls), exact: true }).waitFor();
  });

  its.test("gives all of one's data as a file, and none that was cut", async (scene) => {
    const { conversation } = await asked(scene.stack, "bob", "list my resource groups", { title: "To take along" });
    const { page } = await scene.signedIn("bob", { at: "/settings#data" });
    const portal = new Portal(page);
    const data = page.getByRole("region", { name: portal.text("settings:data.title"), exact: true });
    const button = data.getByRole("button", { name: portal.text("settings:data.export"), exact: true });
    const [file] = await Promise.all([page.waitForEvent("download"), button.click()]);
    assert.match(file.suggestedFilename(), /^azimuth-\d{4}-\d{2}-\d{2}\.ndjson$/);
    const lines = (await readFile(await file.path(), "utf8")).trimEnd().split("\n").map((line) => JSON.parse(line));
    assert.equal(lines.at(-1).kind, "end");
    assert.ok(lines.some((line) => line.kind === "conversation" && JSON.stringify(line).includes(conversation)));
    await data.getByText(portal.pattern("settings:data.exported", { conversations: lines.at(-1).conversations })).waitFor();

    let saved = 0;
    page.on("download", () => (saved += 1));
    await page.route(`${scene.stack.api}/api/v1/me/data`, (route) =>
      route.fulfill({ status: 200, headers: { "access-control-allow-origin": "*", "content-type": "application/x-ndjson" }, body: '{"kind":"profile"}\n{"kind":"conversation"}\n' }),
    );
    await button.click();
    await data.getByText(portal.text("settings:data.cut"), { exact: true }).waitFor();
    assert.equal(saved, 0);
  });

  its.test("deletes one's data once a word is typed, and goes on until it is done", async (scene) => {
    for (let n = 0; n < 2; n += 1) await post(scene.stack, "carol", "/v1/conversations", { title: `To be forgotten ${n}` });
    const before = (await call(scene.stack, "carol", "GET", "/v1/audit?limit=100")).body.items.length;
    const { page } = await scene.signedIn("carol", { at: "/settings#data" });
    const portal = new Portal(page);
    const data = page.getByRole("region", { name: portal.text("settings:data.title"), exact: true });
    await data.getByText(portal.text("settings:data.stays_audit"), { exact: true }).waitFor();
    // The first answer says that there is more; the second comes late; the third is the API's own.
    let asked = 0;
    await page.route(`${scene.stack.api}/api/v1/me/data`, async (route) => {
      if (route.request().method() !== "DELETE") return route.fallback();
      asked += 1;
      if (asked === 1) return route.fulfill({ json: { conversations: 100, complete: false }, headers: { "access-control-allow-origin": "*" } });
      if (asked === 2) return refuse(route, problem(503, "store_unavailable"));
      return route.fallback();
    });
    const begin = data.getByRole("button", { name: portal.text("settings:data.begin"), exact: true });
    await tabTo(page, begin);
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: portal.text("settings:data.confirm_title"), exact: true });
    const confirm = dialog.getByRole("button", { name: portal.text("settings:data.confirm"), exact: true });
    await dialog.getByRole("textbox").fill("delet");
    assert.ok(await confirm.isDisabled());
    await dialog.getByRole("textbox").press("Enter");
    assert.equal(asked, 0, "nothing is deleted before the word is there");
    await dialog.getByRole("textbox").fill(portal.text("settings:data.word"));
    await page.keyboard.press("Enter");
    // What was deleted so far is deleted; trying again goes on.
    await data.getByRole("alert").getByText(portal.text("problems:code.store_unavailable"), { exact: true }).waitFor();
    await data.getByRole("button", { name: portal.text("problem.retry"), exact: true }).click();
    await data.getByText(portal.text("settings:data.deleted", { n: 102 }), { exact: true }).waitFor();
    assert.equal(asked, 3);
    assert.deepEqual((await get(scene.stack, "carol", "/v1/conversations")).items, []);
    await until("the sidebar is empty", async () => (await portal.row(/To be forgotten/).count()) === 0);
    assert.ok((await call(scene.stack, "carol", "GET", "/v1/audit?limit=100")).body.items.length > before, "the audit stays");
  });

  its.test("shows what has happened, filters it, verifies it and exports it", async (scene) => {
    const { turn } = await asked(scene.stack, "alice", "list my resource groups");
    const { page } = await scene.signedIn("alice", { at: "/audit" });
    const portal = new Portal(page);
    const records = page.getByRole("list", { name: portal.text("audit:list"), exact: true }).getByRole("listitem");
    const ofTurn = (await get(scene.stack, "alice", `/v1/audit?limit=100&turn_id=${turn.id}`)).items;
    const own = (await get(scene.stack, "alice", "/v1/audit?limit=100")).items;
    assert.ok(own.every((/** @type {any} */ record) => record.oid === ALICE) && ofTurn.length > 0);
    await records.first().waitFor();
    assert.equal(await page.getByRole("textbox", { name: portal.text("audit:person"), exact: true }).count(), 0, "others' are not hers to ask for");

    // By keys: what this question did, and no more. The address says it.
    const field = page.getByRole("textbox", { name: portal.text("audit:turn"), exact: true });
    await tabTo(page, field);
    await page.keyboard.type(turn.id);
    await page.keyboard.press("Enter");
    await page.getByText(portal.text("audit:loaded_all", { n: ofTurn.length }), { exact: true }).waitFor();
    assert.equal(await records.count(), ofTurn.length);
    await page.getByRole("img", { name: portal.pattern("audit:chart", { n: ofTurn.length }) }).waitFor();
    await page.reload();
    await page.getByText(portal.text("audit:loaded_all", { n: ofTurn.length }), { exact: true }).waitFor();
    await records.first().getByRole("button").click();
    await records.first().getByText(ofTurn[0].hash, { exact: true }).waitFor();

    const group = page.getByRole("group", { name: portal.text("audit:export"), exact: true });
    const [csv] = await Promise.all([page.waitForEvent("download"), group.getByRole("button", { name: portal.text("audit:export_csv"), exact: true }).click()]);
    assert.equal((await readFile(await csv.path(), "utf8")).trimEnd().split(/\r?\n/).length, ofTurn.length + 1, "a row a record, and the names");

    const verify = portal.button("audit:chain.check");
    await verify.click();
    await page.getByText(portal.pattern("audit:chain.good", { records: ofTurn.length })).waitFor();
    // What was changed on the way is named.
    await page.route(`${scene.stack.api}/api/v1/audit/export?**`, async (route) => {
      const answer = await route.fetch();
      const lines = (await answer.text()).split("\n");
      await route.fulfill({ response: answer, body: [lines[0]?.replace('"kind":"close"', '"kind":"open"'), ...lines.slice(1)].join("\n") });
    });
    await verify.click();
    await page.getByText(portal.text("audit:chain.bad.hash", { chain: ofTurn[0].chain, seq: ofTurn[0].seq }), { exact: true }).waitFor();

    await records.first().getByRole("link", { name: portal.text("audit:record.details"), exact: true }).click();
    await page.waitForURL(`**/audit/${ofTurn[0].id}`);
    await page.getByRole("heading", { level: 1, name: portal.text(`audit:kinds.${ofTurn[0].kind}`), exact: true }).waitFor();
    await page.getByText(ofTurn[0].hash, { exact: true }).waitFor();
    await page.goBack();
    await page.getByText(portal.text("audit:loaded_all", { n: ofTurn.length }), { exact: true }).waitFor();

    // An auditor sees hers, and that is recorded; bob does not.
    const carol = await scene.signedIn("carol", { language: "ko", at: `/audit?turn_id=${turn.id}&range=all` });
    const korean = new Portal(carol.page, "ko");
    await carol.page.getByText(korean.text("audit:loaded_all", { n: ofTurn.length }), { exact: true }).waitFor();
    const reads = (await get(scene.stack, "carol", "/v1/audit?kind=audit_read&limit=100")).items;
    assert.ok(reads.some((/** @type {any} */ read) => read.detail.includes(turn.id)));
    const bob = await scene.signedIn("bob", { at: `/audit/${ofTurn[0].id}` });
    await bob.page.getByText(portal.text("audit:record.missing"), { exact: true }).waitFor();
  });

  its.test("runs a tool by its form: found by words, faults at their fields, approved, once", async (scene) => {
    const { page } = await scene.signedIn("alice", { at: "/tools" });
    const portal = new Portal(page);
    const list = page.getByRole("list", { name: portal.text("catalogue:list"), exact: true });
    await list.getByRole("listitem").first().waitFor();
    await tabTo(page, page.getByRole("searchbox", { name: portal.text("catalogue:search"), exact: true }));
    await page.keyboard.type("스토리지 계정 만들기");
    await page.waitForURL(/[?]q=/);
    await list.getByRole("link", { name: "azure.storage_account_create", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "azure.storage_account_create", exact: true }).waitFor();
    await page.getByText(portal.text("catalogue:policy.asker"), { exact: true }).waitFor();
    const field = (/** @type {string} */ name) => page.getByRole("textbox", { name: new RegExp(`^${name}\\b`) });
    const run = portal.button("catalogue:run");
    await run.click();
    assert.ok(await hasFocus(field("account")), "the first of what is missing");
    assert.equal(await page.getByText(portal.text("catalogue:fault.required"), { exact: true }).count(), 3);
    await field("account").fill("stform1");
    await field("location").fill("koreacentral");
    await field("resource-group").fill("rg-dev");

    // The API finds fault with what is folded; then its answer is lost; then the same intent is tried again.
    /** @type {(string | null)[]} */
    const keys = [];
    await page.route(/\/v1\/tools\/azure\/storage_account_create\/calls$/, async (route) => {
      if (route.request().method() !== "POST") return route.fallback();
      keys.push(await route.request().headerValue("idempotency-key"));
      const refusal = problem(422, "arguments_invalid");
      if (keys.length === 1) return refuse(route, { ...refusal, body: { ...refusal.body, detail: "no such place", pointer: "/arguments/subscription" } });
      if (keys.length === 2) {
        await route.fetch();
        return route.abort();
      }
      return route.fallback();
    });
    await run.click();
    await page.getByText("no such place", { exact: true }).waitFor();
    await until("the folded field has the focus", () => hasFocus(page.locator("#argument-subscription")));
    await page.locator("#argument-subscription").fill("Contoso-Dev");
    await run.click();
    await page.getByRole("alert").getByText(portal.text("problem.network"), { exact: true }).waitFor();
    await run.click();
    const result = page.getByRole("region", { name: portal.text("catalogue:runs"), exact: true });
    await result.getByRole("button", { name: portal.text("approvals:approve"), exact: true }).click();
    await result.locator('[data-phase="done"]').waitFor();
    assert.equal(keys.length, 3);
    assert.equal(keys[1], keys[2], "one intent, one key");
    assert.equal((await effects(scene.stack)).filter(({ resource_id: id }) => String(id).endsWith("/stform1")).length, 1);
    await page.goto(`${scene.stack.portal}/tools/azure/no_such_tool`);
    await page.getByText(portal.text("catalogue:missing"), { exact: true }).waitFor();
  });

  its.test("a newcomer finds by visible words, within three clicks, what matters most", async (scene) => {
    const refused = (await post(scene.stack, "alice", "/v1/conversations", { title: "Refused question" })).id;
    const { turn_id: turn } = await post(scene.stack, "alice", `/v1/conversations/${refused}/turns`, { text: "create storage account stnew1 in rg-dev", mode: "read_only" });
    await until("it was refused", async () => (await get(scene.stack, "alice", `/v1/turns/${turn}`)).status === "done");
    await asked(scene.stack, "alice", "delete vm web-01 in rg-dev", { title: "Waiting question" });
    const { used, limit } = (await get(scene.stack, "alice", "/v1/me")).quotas.find((/** @type {any} */ quota) => quota.name === "turns_per_day");

    for (const language of LANGUAGES) {
      const { page } = await scene.signedIn("alice", { language });
      const portal = new Portal(page, language);
      const seen = (/** @type {string | RegExp} */ words) => page.getByText(words, { exact: true }).filter({ visible: true }).first();
      /** @param {string} question @param {(string | RegExp)[]} clicks @param {string | RegExp} answer */
      const finds = async (question, clicks, answer) => {
        assert.ok(clicks.length <= 3, question);
        for (const words of clicks) await seen(words).click();
        await seen(answer).waitFor();
        await seen(portal.text("sidebar:new_chat")).click();
      };
      await finds("what may I do?", [portal.text("nav.tools")], portal.text("catalogue:policy.allow"));
      await finds("why was this refused?", ["Refused question", portal.text("tools:status.denied")], portal.text("outcomes:reason.read_only_mode"));
      await finds("who can approve it?", [portal.text("nav.approvals"), /web-01/], portal.text("approvals:for_another_text"));
      await finds("what has happened?", [portal.text("nav.audit")], portal.text("audit:kinds.denied"));
      await finds("how much have I used?", [portal.text("nav.usage")], portal.text("quotas:of", { used, limit: limit.toLocaleString("en") }));
    }
  });

  its.test("each suggestion ends in an answer, and a default is taken by the question", async (scene) => {
    const { page } = await scene.signedIn("alice", { at: "/settings#defaults" });
    const portal = new Portal(page);
    const choice = page.getByRole("combobox", { name: portal.text("settings:defaults.subscription"), exact: true });
    await choice.selectOption({ label: "Contoso-Dev" });
    const chosen = await until("it is kept", async () => (await get(scene.stack, "alice", "/v1/settings")).default_subscription);
    try {
      for (const { id, ends } of [
        { id: "storage", ends: "done" },
        { id: "machines", ends: "done" },
        { id: "groups", ends: "done" },
        { id: "subscriptions", ends: "done" },
        { id: "create_storage", ends: "waiting" },
        { id: "delete_machine", ends: "waiting" },
      ]) {
        await page.goto(`${scene.stack.portal}/c`);
        await page.getByRole("button").filter({ hasText: portal.text(`chat:suggestion.${id}.title`) }).filter({ hasText: portal.text(`chat:suggestion.${id}.text`) }).click();
        assert.equal(await portal.composer.inputValue(), portal.text(`chat:suggestion.${id}.text`));
        await portal.composer.press("Enter");
        await page.waitForURL(/\/c\/c_/);
        if (ends === "done") assert.equal(await portal.answered(), "done", id);
        else await portal.phase("waiting_approval");
        const turn = await get(scene.stack, "alice", `/v1/turns/${await portal.lastTurnId()}`);
        assert.equal(turn.status, ends, id);
        if (id === "storage") assert.equal(turn.calls[0].arguments.subscription, chosen);
        for (const one of turn.calls.filter((/** @type {any} */ one) => one.outcome !== null)) assert.equal(one.outcome, "ok", id);
      }
    } finally {
      await page.goto(`${scene.stack.portal}/settings#defaults`);
      await choice.selectOption("");
    }
  }, { timeout: 120_000 });

  its.test("always allows a tool, which then runs without asking, until it is removed", async (scene) => {
    const { page } = await scene.signedIn("alice", { at: "/settings#allowed" });
    const portal = new Portal(page);
    const section = page.getByRole("region", { name: portal.text("settings:allowed.title"), exact: true });
    await section.getByText(portal.text("settings:allowed.none"), { exact: true }).waitFor();
    await portal.button("settings:allowed.add").click();
    // Without a word, too, they are found behind all those that only read.
    await section.getByRole("list", { name: portal.text("settings:allowed.found"), exact: true }).getByRole("listitem").nth(5).waitFor();
    await section.getByRole("searchbox").fill("storage account create");
    const name = "azure.storage_account_create";
    await portal.button("settings:allowed.allow_named", { name }).click();
    await section.getByRole("listitem").filter({ hasText: name }).waitFor();
    await until("it is kept", async () => (await get(scene.stack, "alice", "/v1/settings")).always_allowed_tools.length === 1);

    await page.goto(`${scene.stack.portal}/tools/azure/storage_account_create`);
    await page.getByText(portal.text("catalogue:policy.always"), { exact: true }).waitFor();

    /** Runs it by its form, which no model has a part in. @param {string} account */
    const run = async (account) => {
      await page.goto(`${scene.stack.portal}/tools/azure/storage_account_create`);
      for (const [field, value] of Object.entries({ account, location: "koreacentral", "resource-group": "rg-dev" })) {
        await page.getByRole("textbox", { name: new RegExp(`^${field}\\b`) }).fill(value);
      }
      await page.getByText(portal.pattern("catalogue:optional")).click();
      await page.locator("#argument-subscription").fill("Contoso-Dev");
      await portal.button("catalogue:run").click();
      return page.getByRole("region", { name: portal.text("catalogue:runs"), exact: true });
    };
    const created = async (/** @type {string} */ account) => (await effects(scene.stack)).filter(({ resource_id: id }) => String(id).endsWith(`/${account}`)).length;
    const allowed = await run("stallowed1");
    await allowed.locator('[data-phase="done"]').waitFor();
    await allowed.getByRole("button", { name: /storage_account_create/ }).click();
    await allowed.getByText(portal.text("approvals:standing_setting")).waitFor();
    assert.equal(await created("stallowed1"), 1);

    // A model that has read what a tool returned is asked about all the same.
    await page.goto(`${scene.stack.portal}/c`);
    await portal.ask("create storage account stallowed2 in rg-dev");
    await portal.phase("waiting_approval");

    await page.goto(`${scene.stack.portal}/settings#allowed`);
    await portal.button("settings:allowed.remove_named", { name }).click();
    await section.getByText(portal.text("settings:allowed.none"), { exact: true }).waitFor();
    const asks = await run("stallowed3");
    await asks.getByRole("button", { name: portal.text("approvals:approve"), exact: true }).waitFor();
    assert.equal(await created("stallowed2"), 0);
    assert.equal(await created("stallowed3"), 0);
  }, { timeout: 120_000 });

  its.test("ends another sign-in, and then every one", async (scene) => {
    await scene.signedIn("bob");
    const { page } = await scene.signedIn("bob", { at: "/settings#sessions" });
    const portal = new Portal(page);
    const list = page.getByRole("list", { name: portal.text("settings:sessions.title"), exact: true });
    await list.getByText(portal.text("settings:sessions.current"), { exact: true }).waitFor();
    await list.getByRole("button").first().waitFor();
    const count = await list.getByRole("listitem").count();
    await list.getByRole("button").first().click();
    await page.getByText(portal.text("settings:sessions.ended"), { exact: true }).waitFor();
    await until("it is gone from the list", async () => (await list.getByRole("listitem").count()) === count - 1);
    await list.getByText(portal.text("settings:sessions.current"), { exact: true }).waitFor();

    await portal.button("settings:sessions.everywhere").click();
    await page.getByRole("dialog").getByRole("button", { name: portal.text("settings:sessions.everywhere"), exact: true }).click();
    await page.waitForURL(/\/login|\/logout/);
    assert.equal(await page.evaluate(() => sessionStorage.length), 0, "nothing of the sign-in is kept");
  });
});
