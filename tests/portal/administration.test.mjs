import assert from "node:assert/strict";
import { after, describe } from "node:test";
import { fileURLToPath } from "node:url";

import { call, get } from "./harness/api.mjs";
import { hasFocus, tabTo } from "./harness/keyboard.mjs";
import { MODEL_NAME, Model, OFFLINE_PLANNER } from "./harness/model.mjs";
import { Portal } from "./harness/portal.mjs";
import { stage } from "./harness/stage.mjs";
import { until } from "./harness/waiting.mjs";

/** Object ids of the sandbox. */
const ALICE = "00000000-0000-4000-8000-0000000000c1";
const BOB = "00000000-0000-4000-8000-0000000000c2";

const NOTES = fileURLToPath(new URL("./harness/notes-server.mjs", import.meta.url));

const model = await Model.start();

describe("the administration", () => {
  // What administrators may add: this very program, and no host.
  const added = { AZIMUTH_MCP_COMMANDS: process.execPath, AZIMUTH_MCP_HOSTS: "mcp.example.com", AZIMUTH_MCP_SECRETS: "mcp-" };
  const its = stage({ env: { ...added, ...model.environment(), AZIMUTH_MODEL_PRICE: `${MODEL_NAME}=3/15` }, model: OFFLINE_PLANNER });
  after(() => model.close());

  its.test("is there for those who administer, and for nobody else", async (scene) => {
    const { page } = await scene.signedIn("alice", { at: "/settings" });
    const portal = new Portal(page);
    /** @type {string[]} */
    const asked = [];
    page.on("request", (request) => asked.push(request.url()));
    const main = page.getByRole("navigation", { name: portal.text("nav.main"), exact: true });
    await main.getByRole("link", { name: portal.text("nav.settings"), exact: true }).waitFor();
    assert.equal(await main.getByRole("link", { name: portal.text("nav.admin"), exact: true }).count(), 0);
    for (const path of ["/admin", "/admin/policies"]) {
      await page.goto(scene.stack.portal + path);
      await page.getByRole("heading", { level: 1, name: portal.text("pages:forbidden.title"), exact: true }).waitFor();
      await page.getByRole("main").getByText("administration", { exact: true }).waitFor();
    }
    assert.deepEqual(asked.filter((url) => url.includes("/v1/admin/")), [], "the API is not asked for it");

    const dave = await scene.signedIn("dave");
    await dave.page.getByRole("link", { name: portal.text("nav.admin"), exact: true }).click();
    await dave.page.getByRole("heading", { level: 1, name: portal.text("admin:users.title"), exact: true }).waitFor();
  });

  its.test("tells health, by keys alone and in Korean", async (scene) => {
    const { page } = await scene.signedIn("dave", { language: "ko", at: "/admin/users" });
    const portal = new Portal(page, "ko");
    await tabTo(page, page.getByRole("navigation", { name: portal.text("admin:nav"), exact: true }).getByRole("link", { name: portal.text("admin:health.title"), exact: true }));
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: portal.text("admin:health.title"), exact: true }).waitFor();
    const { servers } = await get(scene.stack, "dave", "/v1/admin/health");
    const card = page.getByRole("listitem").filter({ has: page.getByRole("heading", { level: 3, name: servers[0].name, exact: true }) });
    await card.getByText(portal.text(`admin:health.walls.${servers[0].confinement}`), { exact: true }).waitFor();
    await card.getByText(portal.text("admin:health.works"), { exact: true }).waitFor();
    for (const host of servers[0].hosts) await card.getByText(host, { exact: true }).waitFor();
    await page.getByText(portal.text("admin:health.check.store"), { exact: true }).waitFor();

    // From here on it is worse.
    await page.route(`${scene.stack.api}/api/v1/admin/health`, async (route) => {
      const broken = { ...servers[0], ok: false, detail: "it ended", confinement: "advisory", confines_connections: false, confinement_detail: "no Landlock", hosts: [] };
      await route.fulfill({ json: { servers: [broken] }, headers: { "access-control-allow-origin": "*" } });
    });
    const again = portal.button("admin:health.look_again");
    await tabTo(page, again);
    await page.keyboard.press("Enter");
    for (const key of ["broken", "walls.advisory", "walls.advisory_text", "walls.no_connections", "proxy.none"]) {
      await card.getByText(portal.text(`admin:health.${key}`), { exact: true }).waitFor();
    }
    await card.getByText("no Landlock", { exact: true }).waitFor();
    assert.ok(await hasFocus(again), "the focus stays");
  });

  its.test("finds a person, takes a role, switches off and on", async (scene) => {
    for (const user of ["alice", "bob"]) await get(scene.stack, user, "/v1/me");
    const { page } = await scene.signedIn("dave", { at: "/admin/users" });
    const portal = new Portal(page);
    const rows = page.getByRole("list", { name: portal.text("admin:users.list"), exact: true }).getByRole("listitem");
    await rows.filter({ hasText: BOB }).waitFor();
    await page.getByRole("searchbox", { name: portal.text("admin:users.search"), exact: true }).fill("alice");
    await until("only alice is left", async () => (await rows.count()) === 1 && (await rows.filter({ hasText: ALICE }).count()) === 1);
    await page.getByRole("searchbox").fill(BOB);
    const row = rows.filter({ hasText: BOB });
    await row.getByRole("button").first().click();
    const effective = async () => (await get(scene.stack, "dave", `/v1/admin/users/${BOB}`)).effective_roles;
    assert.deepEqual(await effective(), ["reader"]);

    await row.getByRole("radio", { name: portal.text("admin:users.only_these"), exact: true }).check();
    await row.getByRole("checkbox", { name: portal.text("role.reader.name") }).uncheck();
    await row.getByText(portal.text("admin:users.loses", { roles: portal.text("role.reader.name") }), { exact: true }).waitFor();
    // Somebody else is faster.
    const seen = await call(scene.stack, "dave", "GET", `/v1/admin/users/${BOB}`);
    const other = await call(scene.stack, "dave", "PATCH", `/v1/admin/users/${BOB}`, { roles: ["reader", "auditor"] }, { "if-match": seen.headers.get("etag") ?? "" });
    assert.equal(other.status, 200);
    const save = row.getByRole("button", { name: portal.text("admin:users.save_roles"), exact: true });
    await save.click();
    await row.getByText(portal.text("admin:users.stale"), { exact: true }).waitFor();
    assert.deepEqual(await effective(), ["reader"], "nothing was overwritten");
    const auditor = row.getByRole("checkbox", { name: portal.text("role.auditor.name") });
    await until("what stands now is shown", () => auditor.isChecked());
    await row.getByRole("checkbox", { name: portal.text("role.reader.name") }).uncheck();
    await save.click();
    await until("the role is gone", async () => (await effective()).length === 0);
    await row.getByRole("radio", { name: portal.text("admin:users.all_granted"), exact: true }).check();
    await save.click();
    await until("the role is back", async () => (await effective()).length === 1);

    await row.getByRole("button", { name: portal.text("admin:users.disable"), exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: portal.text("admin:users.disable"), exact: true }).click();
    await row.getByText(portal.text("admin:users.status.disabled"), { exact: true }).waitFor();
    assert.equal((await call(scene.stack, "bob", "GET", "/v1/conversations")).body.code, "user_disabled");
    await row.getByRole("button", { name: portal.text("admin:users.enable"), exact: true }).click();
    await row.getByText(portal.text("admin:users.status.active"), { exact: true }).waitFor();
  });

  its.test("tells what each role permits", async (scene) => {
    const { page } = await scene.signedIn("dave", { at: "/admin/roles" });
    const portal = new Portal(page);
    const { items } = await get(scene.stack, "dave", "/v1/admin/roles");
    assert.ok(items.length >= 5);
    for (const { role, permissions } of items) {
      const card = page.getByRole("listitem").filter({ has: page.getByRole("heading", { level: 2, name: `${portal.text(`role.${role}.name`)} ${role}`, exact: true }) });
      for (const permission of permissions) await card.getByText(portal.text(`permission.${permission}`), { exact: true }).waitFor();
      assert.equal(await card.getByRole("listitem").count(), permissions.length, role);
    }
  });

  its.test("tells who vouches for the organization and what it has settled", async (scene) => {
    const { page } = await scene.signedIn("dave", { at: "/admin/tenant" });
    const portal = new Portal(page);
    const { items } = await get(scene.stack, "dave", "/v1/admin/tenants");
    assert.equal(items.length, 1);
    const [tenant] = items;
    const main = page.getByRole("main");
    for (const fact of [tenant.id, tenant.issuer, tenant.audience]) await main.getByText(fact, { exact: true }).waitFor();
    await main.getByText(portal.text("admin:tenant.common"), { exact: true }).waitFor();
    const rows = main.getByRole("list").last().getByRole("listitem");
    assert.equal(await rows.count(), tenant.settings.length);
    for (const [row, { stored }] of tenant.settings.entries()) {
      const said = stored === null ? portal.text("admin:tenant.default") : stored.reason;
      await rows.nth(row).getByText(said).waitFor();
    }
    await rows.first().getByRole("link", { name: portal.text("admin:policies.title"), exact: true }).click();
    await page.getByRole("textbox", { name: portal.text("admin:policies.editor"), exact: true }).waitFor();
  });

  its.test("leaves somebody who administers", async (scene) => {
    const { page } = await scene.signedIn("dave", { at: "/admin/users" });
    const portal = new Portal(page);
    const row = page.getByRole("listitem").filter({ hasText: "Dave Choi" });
    await row.getByRole("button").first().click();
    await row.getByText(portal.text("admin:users.session_current"), { exact: true }).waitFor();
    await row.getByRole("button", { name: portal.text("admin:users.disable"), exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: portal.text("admin:users.disable"), exact: true }).click();
    await row.getByText(portal.text("problems:code.administrator_needed"), { exact: true }).waitFor();
  });

  its.test("changes policies with a look at what that does", async (scene) => {
    const { page } = await scene.signedIn("dave", { at: "/admin/policies" });
    const portal = new Portal(page);
    const editor = page.getByRole("textbox", { name: portal.text("admin:policies.editor"), exact: true });
    await page.getByText(portal.text("admin:policies.built_in"), { exact: true }).waitFor();
    const text = await editor.inputValue();
    const look = portal.button("admin:policies.look");
    assert.ok(await look.isDisabled(), "nothing was changed");

    const lines = text.split("\n").length;
    await editor.fill(`${text}\npermit (principal, actio`);
    await look.click();
    const place = page.getByRole("alert").getByRole("button", { name: portal.pattern("admin:policies.place") }).first();
    await place.click();
    const at = await editor.evaluate((element) => {
      const field = /** @type {HTMLTextAreaElement} */ (element);
      return field === document.activeElement ? field.value.slice(0, field.selectionStart).split("\n").length : 0;
    });
    assert.ok(at >= lines, `the cursor stands in line ${at} of ${lines}`);

    // Nobody reads what a permit of everybody's was for.
    await editor.fill(text.replace(/@id\("anyone-reads"\)[\s\S]*?\};\n/, ""));
    assert.equal(await portal.button("admin:policies.store").count(), 0, "not before one has looked");
    await look.click();
    const preview = page.getByRole("region", { name: portal.text("admin:policies.preview.title"), exact: true });
    await preview.getByRole("cell", { name: portal.text("admin:policies.decision.deny"), exact: true }).first().waitFor({ timeout: 60_000 });
    const store = portal.button("admin:policies.store");
    assert.ok(await store.isDisabled(), "not without a reason");
    const looked = await editor.inputValue();
    await editor.fill(`${looked}\n// more`);
    await store.waitFor({ state: "detached" });
    await editor.fill(looked);
    await page.getByRole("textbox", { name: portal.text("admin:policies.reason"), exact: true }).fill("Nobody reads this week");
    await store.click();
    await page.getByText(portal.text("admin:policies.own", { number: 1 }), { exact: true }).waitFor();
    assert.equal((await get(scene.stack, "dave", "/v1/admin/policies")).stored.reason, "Nobody reads this week");

    // What somebody else stores meanwhile is not overwritten unseen.
    const seen = await call(scene.stack, "dave", "GET", "/v1/admin/policies");
    await editor.fill(text);
    await look.click();
    await page.getByRole("textbox", { name: portal.text("admin:policies.reason"), exact: true }).fill("As it was");
    const other = await call(scene.stack, "dave", "PUT", "/v1/admin/policies", { text: `${text}// two\n`, reason: "Faster" }, { "if-match": seen.headers.get("etag") ?? "" });
    assert.equal(other.status, 200);
    await store.click();
    await page.getByText(portal.text("admin:policies.stale"), { exact: true }).waitFor();
    const version = page.getByRole("listitem").filter({ hasText: portal.text("admin:policies.version", { number: 2 }) });
    await version.getByText("Faster", { exact: true }).waitFor();
    assert.equal(await editor.inputValue(), text, "what was written stays");

    await version.getByRole("button").first().click();
    await version.getByRole("button", { name: portal.text("admin:policies.take"), exact: true }).click();
    await until("the version is in the editor", async () => (await editor.inputValue()).endsWith("// two\n"));
  });

  its.test("stops calls of everybody, who are told, and lets them start again", async (scene) => {
    const bob = await scene.signedIn("bob", { language: "ko" });
    const korean = new Portal(bob.page, "ko");
    const { page } = await scene.signedIn("dave", { at: "/admin/kill-switch" });
    const portal = new Portal(page);
    const radio = (/** @type {string} */ position) => page.getByRole("radio", { name: portal.text(`kill_switch:position.${position}`), exact: true });
    const next = portal.button("kill_switch:next");
    const reason = page.getByRole("textbox", { name: portal.text("kill_switch:reason"), exact: true });
    await page.getByText(portal.text("kill_switch:never"), { exact: true }).waitFor();
    assert.ok(await next.isDisabled(), "it stands like this already");
    await radio("changes").check();
    await next.click();
    await page.getByText(portal.text("kill_switch:reason_missing"), { exact: true }).waitFor();
    await reason.fill("Storage incident");
    await next.click();
    const dialog = page.getByRole("dialog", { name: portal.text("kill_switch:confirm.changes_title"), exact: true });
    await dialog.getByText(portal.text("kill_switch:confirm.waiting"), { exact: true }).waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    assert.equal((await get(scene.stack, "dave", "/v1/admin/kill-switch")).on, false, "nothing was turned");

    await tabTo(page, next);
    await page.keyboard.press("Enter");
    await tabTo(page, dialog.getByRole("button", { name: portal.text("kill_switch:confirm.button.changes"), exact: true }));
    await page.keyboard.press("Enter");
    await page.getByText(portal.text("kill_switch:stopped.changes"), { exact: true }).waitFor();
    await page.getByText(portal.pattern("kill_switch:turned", { who: "Dave Choi", reason: "Storage incident" })).waitFor();
    await bob.page.reload();
    await bob.page.getByRole("status").getByText(korean.text("kill_switch:stopped.changes"), { exact: true }).waitFor();
    await bob.page.getByText(korean.pattern("kill_switch:since", { reason: "Storage incident" })).waitFor();

    // Somebody else goes further meanwhile.
    await radio("off").check();
    await reason.fill("Over");
    await next.click();
    const off = page.getByRole("dialog").getByRole("button", { name: portal.text("kill_switch:confirm.button.off"), exact: true });
    await off.waitFor();
    const other = await call(scene.stack, "dave", "PUT", "/v1/admin/kill-switch", { on: true, scope: "all", reason: "Worse" }, { "if-match": "*" });
    assert.equal(other.status, 200);
    await off.click();
    await page.getByText(portal.text("kill_switch:stale"), { exact: true }).waitFor();
    await page.getByText(portal.pattern("kill_switch:turned", { reason: "Worse" })).waitFor();
    assert.equal((await get(scene.stack, "dave", "/v1/admin/kill-switch")).on, true, "nothing was overwritten");
    await next.click();
    await off.click();
    await page.getByText(portal.text("kill_switch:stopped.changes"), { exact: true }).waitFor({ state: "detached" });
    assert.equal((await get(scene.stack, "alice", "/v1/me")).kill_switch, null);
  });

  its.test("changes limits, each fault at its field", async (scene) => {
    const { page } = await scene.signedIn("dave", { at: "/admin/quotas" });
    const portal = new Portal(page);
    const field = (/** @type {string} */ quota) => page.getByRole("textbox", { name: portal.text(`quotas:limit.${quota}`), exact: true });
    const group = page.getByRole("combobox", { name: portal.text("quotas:group_label"), exact: true });
    const store = portal.button("quotas:store");
    await field("turns_per_day").fill("5000");
    await group.selectOption("reader");
    await field("requests_per_minute").fill("5");
    await group.selectOption("person");
    await page.getByRole("textbox", { name: portal.text("quotas:reason"), exact: true }).fill("Less for now");
    await store.click();
    // The way leads to the field, though another group was shown.
    await until("the faulty field has the focus", () => hasFocus(field("requests_per_minute")));
    assert.equal(await group.inputValue(), "reader");
    assert.equal(await field("requests_per_minute").getAttribute("aria-invalid"), "true");
    assert.equal((await get(scene.stack, "dave", "/v1/admin/quotas")).stored, null, "nothing was stored");

    await field("requests_per_minute").fill("50");
    const changes = page.getByRole("region", { name: portal.text("quotas:changes"), exact: true });
    assert.equal(await changes.getByRole("listitem").count(), 2);
    const other = await call(scene.stack, "dave", "PUT", "/v1/admin/quotas", { tenant: { turns_per_day: 9_000 }, reason: "Faster" }, { "if-match": "*" });
    assert.equal(other.status, 200);
    await store.click();
    await page.getByText(portal.text("quotas:stale"), { exact: true }).waitFor();
    await page.getByText(portal.pattern("quotas:stored", { reason: "Faster" })).waitFor();
    // What the other one set stays, and so do one's own edits.
    assert.equal(await changes.getByRole("listitem").count(), 2);
    await store.click();
    await page.getByText(portal.pattern("quotas:stored", { number: 2, reason: "Less for now" })).waitFor();
    const { person, roles, tenant } = await get(scene.stack, "dave", "/v1/admin/quotas");
    assert.deepEqual({ person, roles, tenant }, { person: { turns_per_day: 5000 }, roles: { reader: { requests_per_minute: 50 } }, tenant: { turns_per_day: 9000 } });
  });

  its.test("says which models are for whom, and which answers when nobody chose", async (scene) => {
    const preferred = await call(scene.stack, "alice", "PATCH", "/v1/settings", { model: OFFLINE_PLANNER }, { "if-match": "*" });
    assert.equal(preferred.status, 200);
    const { page } = await scene.signedIn("dave", { at: "/admin/models" });
    const portal = new Portal(page);
    const card = (/** @type {string} */ name) => page.getByRole("listitem", { name: new RegExp(`^${name}`) });
    const onlyRoles = (/** @type {string} */ name) => card(name).getByRole("radio", { name: portal.text("models:only_roles"), exact: true });
    const changes = page.getByRole("region", { name: portal.text("models:changes"), exact: true });
    const store = portal.button("models:store");
    const stored = async () => (await get(scene.stack, "dave", "/v1/admin/models")).stored;
    await card(MODEL_NAME).getByText(portal.text("models:price", { input: "3.00", output: "15.00" }), { exact: true }).waitFor();

    // What answers when nobody chose cannot be for some people only.
    await onlyRoles(OFFLINE_PLANNER).check();
    const fault = card(OFFLINE_PLANNER).getByRole("alert");
    assert.equal(await fault.textContent(), portal.text("models:standard_fault"));
    await page.getByRole("textbox", { name: portal.text("models:reason"), exact: true }).fill("It plans too simply");
    await store.click();
    assert.equal(await stored(), null, "nothing was stored");
    await page.getByRole("combobox", { name: portal.text("models:default"), exact: true }).selectOption(MODEL_NAME);
    await fault.waitFor({ state: "detached" });
    await card(MODEL_NAME).getByText(portal.text("models:standard"), { exact: true }).waitFor();
    assert.equal(await changes.getByRole("listitem").count(), 2);

    // Somebody else was faster.
    const other = await call(scene.stack, "dave", "PUT", "/v1/admin/models", { reason: "As it was" }, { "if-match": "*" });
    assert.equal(other.status, 200);
    await store.click();
    await page.getByText(portal.text("models:stale"), { exact: true }).waitFor();
    await page.getByText(portal.pattern("models:stored", { reason: "As it was" })).waitFor();
    assert.equal(await changes.getByRole("listitem").count(), 2);
    await store.click();
    await page.getByText(portal.pattern("models:stored", { number: 2, reason: "It plans too simply" })).waitFor();
    const offer = await get(scene.stack, "dave", "/v1/admin/models");
    assert.equal(offer.default, MODEL_NAME);
    assert.deepEqual(
      offer.items.map((/** @type {any} */ item) => [item.name, item.only_for]),
      [
        [OFFLINE_PLANNER, ["admin"]],
        [MODEL_NAME, null],
      ],
    );

    // Alice preferred what she is not offered any more.
    const alice = await scene.signedIn("alice", { at: "/c" });
    const picker = new Portal(alice.page);
    await alice.page.getByRole("button", { name: picker.text("chat:model.label", { name: MODEL_NAME }), exact: true }).click();
    const choices = alice.page.getByRole("menuitemradio");
    await choices.first().waitFor();
    assert.equal(await choices.count(), 1);

    // As it was, for the tests behind this one.
    const back = await call(scene.stack, "dave", "PUT", "/v1/admin/models", { reason: "For the others" }, { "if-match": "*" });
    const free = await call(scene.stack, "alice", "PATCH", "/v1/settings", { model: null }, { "if-match": "*" });
    assert.deepEqual([back.status, free.status], [200, 200]);
  });

  its.test("adds a tool server as another program has it, accepts its tool, and removes it", async (scene) => {
    const { page } = await scene.signedIn("dave", { at: "/admin/servers" });
    const portal = new Portal(page);
    const field = (/** @type {string} */ key) => page.getByRole("textbox", { name: portal.text(key), exact: true });
    await portal.button("admin_servers:add").click();
    await page.getByText(portal.text("admin_servers:paste.title"), { exact: true }).click();
    await field("admin_servers:paste.label").fill(JSON.stringify({ mcpServers: { "My Notes": { command: "/bin/false", args: [NOTES], env: { LOG: "x" } } } }));
    await portal.button("admin_servers:paste.take").click();
    assert.equal(await field("admin_servers:field.name").inputValue(), "my-notes");
    assert.equal(await field("admin_servers:field.args").inputValue(), NOTES);
    const add = page.getByRole("form", { name: portal.text("admin_servers:add_title"), exact: true }).getByRole("button", { name: portal.text("admin_servers:add"), exact: true });
    await add.click();
    await page.getByText(portal.text("admin_servers:fault.reason_missing"), { exact: true }).waitFor();
    await field("admin_servers:reason").fill("Notes for the team");
    await add.click();
    // What the operator does not allow is said at its field.
    await until("the program is refused", async () => (await field("admin_servers:field.command").getAttribute("aria-invalid")) === "true");
    assert.equal(await page.getByRole("alert").count(), 1);
    await field("admin_servers:field.command").fill(process.execPath);
    await field("admin_servers:field.name").fill("azure");
    await add.click();
    await page.getByText(portal.text("admin_servers:fault.name_taken"), { exact: true }).waitFor();
    await field("admin_servers:field.name").fill("notes");
    await add.click();
    const card = page.getByRole("list", { name: portal.text("admin_servers:list"), exact: true }).getByRole("listitem");
    await card.getByText(portal.pattern("admin_servers:by_text", { reason: "Notes for the team" })).waitFor();

    const tools = page.getByRole("navigation", { name: portal.text("admin:nav"), exact: true }).getByRole("link", { name: portal.text("admin:nav_tools"), exact: true });
    await tools.click();
    await page.getByRole("combobox", { name: portal.text("admin_tools:state_label"), exact: true }).selectOption("new");
    const row = page.getByRole("listitem").filter({ hasText: "notes.note_list" });
    await row.getByRole("button").first().click();
    await row.getByRole("button", { name: portal.text("admin_tools:act.accept"), exact: true }).click();
    await row.getByRole("combobox", { name: portal.text("admin_tools:effect"), exact: true }).selectOption("read_only");
    await row.getByRole("textbox", { name: portal.text("admin_tools:reason"), exact: true }).fill("It only reads");
    // Somebody else is faster.
    const faster = await call(scene.stack, "dave", "PUT", "/v1/admin/tools/notes/note_write", { switched_off: true, reason: "Not this one" }, { "if-match": "*" });
    assert.equal(faster.status, 200);
    const accept = row.getByRole("button", { name: portal.text("admin_tools:act.accept"), exact: true });
    await accept.click();
    await row.getByText(portal.text("admin_tools:outdated"), { exact: true }).waitFor();
    const pinned = async () => (await get(scene.stack, "dave", "/v1/admin/tools?q=note_list")).items[0];
    assert.equal((await pinned()).state, "new", "nothing was stored");
    await row.getByRole("button", { name: portal.text("cancel"), exact: true }).click();
    await row.getByRole("button", { name: portal.text("admin_tools:act.accept"), exact: true }).click();
    await row.getByRole("combobox", { name: portal.text("admin_tools:effect"), exact: true }).selectOption("read_only");
    await row.getByRole("textbox", { name: portal.text("admin_tools:reason"), exact: true }).fill("It only reads");
    await accept.click();
    await page.getByText(portal.text("admin_tools:done.accept"), { exact: true }).waitFor();
    const { state, effect, settled, offered_hash: offered } = await pinned();
    assert.deepEqual([state, effect, settled.reason, settled.accepted_hash], ["pinned", "read_only", "It only reads", offered]);

    await page.goto(`${scene.stack.portal}/admin/servers`);
    await card.getByRole("button", { name: portal.text("admin_servers:remove"), exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: portal.text("admin_servers:remove"), exact: true }).click();
    await page.getByText(portal.text("admin_servers:none"), { exact: true }).waitFor();
    assert.deepEqual((await get(scene.stack, "dave", "/v1/admin/servers")).items, []);
  });

  its.test("adds a tool server by URL, each fault at its field, and changes it", async (scene) => {
    const { page } = await scene.signedIn("dave", { at: "/admin/servers" });
    const portal = new Portal(page);
    const field = (/** @type {string} */ key) => page.getByRole("textbox", { name: portal.text(`admin_servers:${key}`), exact: true });
    await portal.button("admin_servers:add").click();
    await page.getByText(portal.text("admin_servers:paste.title"), { exact: true }).click();
    await field("paste.label").fill(JSON.stringify({ servers: { far: { type: "http", url: "https://elsewhere.example/mcp", headers: { "X-Area": "north" } } } }));
    await portal.button("admin_servers:paste.take").click();
    assert.equal(await field("field.headers").inputValue(), "X-Area: north");
    await field("reason").fill("Far away");
    const form = page.getByRole("form", { name: portal.text("admin_servers:add_title"), exact: true });
    const add = form.getByRole("button", { name: portal.text("admin_servers:add"), exact: true });
    await add.click();
    await until("the host is refused", async () => (await field("field.url").getAttribute("aria-invalid")) === "true");
    await field("field.url").fill("https://mcp.example.com/mcp");
    await field("field.headers").fill("Authorization: Bearer eyJhbGciOiJSUzI1NiJ9");
    await add.click();
    await until("a secret is refused", async () => (await field("field.headers").getAttribute("aria-invalid")) === "true");
    assert.equal(await page.getByRole("alert").count(), 1);
    await field("field.headers").fill("X-Area: north");
    await page.getByText(portal.text("admin_servers:oauth.title"), { exact: true }).click();
    await field("field.scope").fill("read");
    await add.click();
    for (const fault of ["token_url_missing", "client_id_missing", "client_secret_form"]) await page.getByText(portal.text(`admin_servers:fault.${fault}`), { exact: true }).waitFor();
    await field("field.token_url").fill("https://elsewhere.example/token");
    await field("field.client_id").fill("azimuth");
    await field("field.client_secret").fill("@keyvault:somebody-elses");
    await add.click();
    await until("the host of the token is refused", async () => (await field("field.token_url").getAttribute("aria-invalid")) === "true");
    await field("field.token_url").fill("https://mcp.example.com/token");
    await add.click();
    await until("a secret that is not ours is refused", async () => (await field("field.client_secret").getAttribute("aria-invalid")) === "true");
    const { secrets } = await get(scene.stack, "dave", "/v1/admin/servers");
    await field("field.client_secret").fill(`@keyvault:${secrets}wiki`);
    await add.click();
    const card = page.getByRole("list", { name: portal.text("admin_servers:list"), exact: true }).getByRole("listitem");
    await card.getByText("https://mcp.example.com/mcp", { exact: true }).waitFor();
    await card.getByText("x-area", { exact: true }).waitFor();
    await card.getByText("https://mcp.example.com/token · azimuth · read", { exact: true }).waitFor();

    // What a header holds is told to nobody: it is given again.
    await card.getByRole("button", { name: portal.text("admin_servers:change"), exact: true }).click();
    assert.equal(await field("field.headers").inputValue(), "x-area: ");
    await field("field.headers").fill("");
    // So is which secret a token is got with.
    assert.deepEqual([await field("field.client_id").inputValue(), await field("field.client_secret").inputValue()], ["azimuth", ""]);
    for (const name of ["token_url", "client_id", "scope"]) await field(`field.${name}`).fill("");
    await field("reason").fill("No header");
    await page.getByRole("button", { name: portal.text("admin_servers:save"), exact: true }).click();
    await card.getByText(portal.pattern("admin_servers:by_text", { reason: "No header" })).waitFor();
    const [stored] = (await get(scene.stack, "dave", "/v1/admin/servers")).items;
    assert.deepEqual([stored.name, stored.command ?? null, stored.url, stored.headers, stored.oauth ?? null], ["far", null, "https://mcp.example.com/mcp", [], null]);
    await card.getByRole("button", { name: portal.text("admin_servers:remove"), exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: portal.text("admin_servers:remove"), exact: true }).click();
    await page.getByText(portal.text("admin_servers:none"), { exact: true }).waitFor();
  });

  its.test("shows what is otherwise in a tool that changed, switches one off and on", async (scene) => {
    const { page } = await scene.signedIn("dave", { at: "/admin/tools" });
    const portal = new Portal(page);
    await page.getByRole("searchbox", { name: portal.text("admin_tools:search"), exact: true }).fill("storage_account_create");
    const row = page.getByRole("listitem").filter({ hasText: "azure.storage_account_create" });
    await row.getByRole("button").first().click();
    const settle = async (/** @type {string} */ act) => {
      const button = row.getByRole("button", { name: portal.text(`admin_tools:act.${act}`), exact: true });
      await button.click();
      await row.getByRole("textbox", { name: portal.text("admin_tools:reason"), exact: true }).fill("For a while");
      await button.click();
      await page.getByText(portal.text(`admin_tools:done.${act}`), { exact: true }).waitFor();
    };
    const state = async () => (await get(scene.stack, "dave", "/v1/admin/tools?q=storage_account_create")).items[0].state;
    await settle("switch_off");
    await row.getByText(portal.text("admin_tools:disabled_by.switched_off"), { exact: true }).waitFor();
    assert.equal(await state(), "disabled");
    await settle("switch_on");
    await row.getByText(portal.text("admin_tools:state_text.pinned"), { exact: true }).waitFor();
    assert.equal(await state(), "pinned");

    // No server of the sandbox changes its tools.
    await page.route(`${scene.stack.api}/api/v1/admin/tools?**`, async (route) => {
      const answer = await route.fetch({ url: `${scene.stack.api}/api/v1/admin/tools?q=storage_account_create` });
      const page = await answer.json();
      const before = page.items[0].input_schema;
      const after = { ...before, properties: { ...before.properties, force: { type: "boolean" } } };
      const change = { description: { before: "Makes an account.", after: "Makes or replaces an account." }, input_schema: { before, after } };
      await route.fulfill({ response: answer, json: { ...page, items: [{ ...page.items[0], state: "changed", offered_hash: "0".repeat(64), change }] } });
    });
    await page.reload();
    await row.getByRole("button").first().click();
    await row.getByText("or replaces").and(row.locator("ins")).waitFor();
    await row.getByText(/^\+ +"force": \{$/).waitFor();
    assert.equal(await row.locator("del").count(), 0);
    // Only what is really offered can be accepted, whatever the screen shows.
    await row.getByRole("button", { name: portal.text("admin_tools:act.accept"), exact: true }).click();
    await row.getByRole("textbox", { name: portal.text("admin_tools:reason"), exact: true }).fill("Looked at");
    await row.getByRole("button", { name: portal.text("admin_tools:act.accept"), exact: true }).click();
    await row.getByText(portal.text("admin_tools:outdated"), { exact: true }).waitFor();
  });
});
