/** What is on the pictures. */
import { problem, refuse } from "../harness/refusals.mjs";

/**
 * @typedef {object} Moment
 * @property {import("playwright-core").Page} page
 * @property {import("../harness/portal.mjs").Portal} portal
 * @property {import("../harness/stack.mjs").Stack} stack
 * @property {import("./scenery.mjs").Scenery} scene
 */

/**
 * @typedef {object} Shot
 * @property {string} name
 * @property {string | null} user who is signed in
 * @property {"desktop" | "phone"} [device] only there
 * @property {boolean} [busy] something is loading or moving on purpose
 * @property {(moment: Moment) => Promise<void>} open
 */

const go = (/** @type {string} */ path) => async (/** @type {Moment} */ { page, stack }) => {
  await page.goto(stack.portal + path);
  await page.locator("h1").first().waitFor();
};

/** @type {Shot[]} */
export const SHOTS = [
  { name: "login", user: null, open: go("/login") },
  { name: "callback-error", user: null, open: go("/callback?error=access_denied&state=unknown") },
  { name: "403", user: null, open: go("/403?permission=audit.read_all") },
  { name: "404", user: null, open: go("/no/such/page") },
  { name: "first-run", user: "alice", open: go("/c") },
  {
    name: "chat-table",
    user: "alice",
    async open(moment) {
      await go(`/c/${moment.scene.table}`)(moment);
      await moment.page.getByRole("table").first().waitFor();
    },
  },
  {
    name: "chat-tool-card-open",
    user: "alice",
    async open(moment) {
      await go(`/c/${moment.scene.table}`)(moment);
      await moment.page.getByRole("table").first().waitFor();
      await moment.portal.toolCard("group_list").getByRole("button").first().click();
    },
  },
  {
    name: "chat-markdown",
    user: "alice",
    async open(moment) {
      await go(`/c/${moment.scene.article}`)(moment);
      await moment.page.getByRole("table").first().waitFor();
    },
  },
  {
    name: "chat-writing",
    user: "alice",
    busy: true,
    async open(moment) {
      await go(`/c/${moment.scene.writing}`)(moment);
      await moment.page.locator('[data-phase="writing"]').getByRole("listitem").first().waitFor();
    },
  },
  {
    name: "chat-approval",
    user: "alice",
    async open(moment) {
      await go(`/c/${moment.scene.approval}`)(moment);
      await moment.page.locator('[data-phase="waiting_approval"]').getByRole("table").waitFor();
    },
  },
  {
    name: "chat-approval-of-another",
    user: "alice",
    async open(moment) {
      await go(`/c/${moment.scene.handed}`)(moment);
      await moment.page.locator('[data-phase="waiting_approval"]').getByRole("table").waitFor();
    },
  },
  {
    name: "chat-approval-of-secret",
    user: "alice",
    async open(moment) {
      await go(`/c/${moment.scene.secret}`)(moment);
      await moment.page.getByText(moment.portal.text("approvals:read.nothing_changes"), { exact: true }).waitFor();
    },
  },
  {
    name: "chat-slash",
    user: "alice",
    async open(moment) {
      await go("/c")(moment);
      await moment.portal.composer.fill("/vm");
      await moment.page.getByRole("option").first().waitFor();
    },
  },
  {
    name: "chat-grants",
    user: "alice",
    device: "desktop",
    async open(moment) {
      const { page, stack, portal, scene } = moment;
      await page.route(`${stack.api}/api/v1/conversations/*/grants`, (route) =>
        route.fulfill({
          headers: { "access-control-allow-origin": "*" },
          json: {
            items: [
              { id: "g1", covers: "same_place", server: "azure", tool: "storage_account_create", resource_group: "rg-dev", target: "00000000-0000-4000-8000-0000000000b2/rg-dev/stgallery", given_at: "2026-11-24T13:05:00Z", expires_at: "2026-11-24T21:05:00Z" },
              { id: "g2", covers: "same_call", server: "azure", tool: "compute_vm_power_state", resource_group: "rg-dev", target: "00000000-0000-4000-8000-0000000000b2/rg-dev/vm-dev-1", given_at: "2026-11-24T13:05:00Z", expires_at: "2026-11-24T21:05:00Z" },
            ],
            next_cursor: null,
          },
        }),
      );
      await go(`/c/${scene.table}`)(moment);
      await page.getByRole("table").first().waitFor();
      await portal.conversations.getByRole("button", { name: portal.pattern("sidebar:menu.open") }).first().focus();
      await page.keyboard.press("Enter");
      await page.getByRole("menuitem", { name: portal.text("sidebar:menu.grants"), exact: true }).click();
      await page.getByRole("dialog").getByRole("listitem").first().waitFor();
    },
  },
  {
    name: "mode-picker",
    user: "alice",
    async open(moment) {
      await go("/c")(moment);
      await moment.page.getByRole("button", { name: moment.portal.pattern("chat:mode.label") }).click();
      await moment.page.getByRole("menuitemradio").first().waitFor();
    },
  },
  { name: "chat-denied", user: "alice", open: (moment) => go(`/c/${moment.scene.failed}`)(moment) },
  {
    name: "chat-not-found",
    user: "alice",
    async open(moment) {
      await go("/c/no-such-conversation")(moment);
      await moment.page.getByRole("heading", { level: 1, name: moment.portal.text("pages:not_found.title") }).waitFor();
    },
  },
  {
    name: "deny-reason",
    user: "alice",
    async open(moment) {
      await go(`/c/${moment.scene.approval}`)(moment);
      await moment.portal.button("approvals:deny").click();
      await moment.page.getByRole("textbox", { name: moment.portal.text("approvals:deny_reason") }).waitFor();
    },
  },
  {
    name: "offline",
    user: "alice",
    async open(moment) {
      await go(`/c/${moment.scene.table}`)(moment);
      await moment.page.getByRole("table").first().waitFor();
      await moment.page.context().setOffline(true);
      await moment.page.getByText(moment.portal.text("connection.offline"), { exact: true }).waitFor();
    },
  },
  {
    name: "problem",
    user: "alice",
    async open(moment) {
      await moment.page.route(`${moment.stack.api}/api/v1/approvals?**`, (route) => refuse(route, problem(503, "store_unavailable", { retryAfter: 30 })));
      await go("/approvals")(moment);
      await moment.page.getByRole("main").getByRole("alert").waitFor();
    },
  },
  {
    name: "search",
    user: "alice",
    device: "desktop",
    async open(moment) {
      await go(`/c/${moment.scene.table}`)(moment);
      await moment.portal.search.fill("rg-dev");
      await moment.portal.conversations.getByText(/\d/).first().waitFor();
    },
  },
  {
    name: "commands",
    user: "alice",
    async open(moment) {
      await go(`/c/${moment.scene.table}`)(moment);
      await moment.portal.openCommands();
    },
  },
  {
    name: "drawer",
    user: "alice",
    device: "phone",
    async open(moment) {
      await go(`/c/${moment.scene.table}`)(moment);
      await moment.portal.button("nav.open_menu").tap();
      await moment.portal.search.waitFor();
    },
  },
  { name: "approvals-asker", user: "alice", open: go("/approvals") },
  { name: "approvals-empty", user: "alice", open: go("/approvals?state=lapsed") },
  {
    name: "approvals-approver",
    user: "carol",
    async open(moment) {
      await go("/approvals")(moment);
      const row = moment.page.getByRole("listitem").filter({ hasText: "compute_vm_delete" }).first();
      await row.getByRole("button").first().click();
      await row.getByRole("textbox").waitFor();
    },
  },
  {
    name: "admin-users",
    user: "dave",
    async open(moment) {
      await go("/admin/users")(moment);
      await moment.page.getByRole("listitem").filter({ hasText: "Alice Kim" }).getByRole("button").first().click();
      await moment.page.getByRole("radio").first().waitFor();
    },
  },
  {
    name: "admin-policies",
    user: "dave",
    async open(moment) {
      await go("/admin/policies")(moment);
      const editor = moment.page.getByRole("textbox", { name: moment.portal.text("admin:policies.editor"), exact: true });
      await editor.fill((await editor.inputValue()).replace(/@id\("anyone-reads"\)[\s\S]*?\};\n/, ""));
      await moment.portal.button("admin:policies.look").click();
      await moment.page.getByRole("table").waitFor();
      await moment.page.getByRole("heading", { name: moment.portal.text("admin:policies.preview.title"), exact: true }).scrollIntoViewIfNeeded();
    },
  },
  {
    name: "admin-tools",
    user: "dave",
    async open(moment) {
      await go("/admin/tools")(moment);
      await moment.page.getByRole("main").getByRole("list").last().getByRole("listitem").first().waitFor();
    },
  },
  {
    name: "admin-tool-changed",
    user: "dave",
    async open(moment) {
      const { page, stack, portal } = moment;
      await page.route(`${stack.api}/api/v1/admin/tools?**`, async (route) => {
        const answer = await route.fetch({ url: `${stack.api}/api/v1/admin/tools?q=storage_account_create` });
        const { items } = await answer.json();
        const before = items[0].input_schema;
        const after = { ...before, properties: { ...before.properties, force: { type: "boolean" } } };
        const change = { description: { before: items[0].description, after: items[0].description.replace("Create", "Create or replace") }, input_schema: { before, after } };
        await route.fulfill({ response: answer, json: { items: [{ ...items[0], state: "changed", offered_hash: "0".repeat(64), change }] } });
      });
      await go("/admin/tools")(moment);
      const row = page.getByRole("listitem").filter({ hasText: "azure.storage_account_create" });
      await row.getByRole("button").first().click();
      await row.getByRole("button", { name: portal.text("admin_tools:act.accept"), exact: true }).click();
      await row.getByRole("combobox").waitFor();
    },
  },
  {
    name: "admin-servers",
    user: "dave",
    async open(moment) {
      await go("/admin/servers")(moment);
      await moment.portal.button("admin_servers:add").click();
      await moment.page.getByText(moment.portal.text("admin_servers:paste.title"), { exact: true }).click();
      await moment.page.getByRole("form").getByRole("button", { name: moment.portal.text("admin_servers:add"), exact: true }).click();
      await moment.page.getByRole("alert").first().waitFor();
    },
  },
  {
    name: "tools",
    user: "alice",
    async open(moment) {
      await go("/tools?q=virtual%20machine")(moment);
      await moment.page.getByRole("main").getByRole("listitem").first().waitFor();
    },
  },
  {
    name: "tool-form",
    user: "alice",
    async open(moment) {
      await go("/tools/azure/storage_account_create")(moment);
      await moment.portal.button("catalogue:run").click();
      await moment.page.getByText(moment.portal.text("catalogue:fault.required"), { exact: true }).first().waitFor();
    },
  },
  {
    name: "audit-own",
    user: "alice",
    async open(moment) {
      await go("/audit?range=all")(moment);
      await moment.portal.button("audit:chain.check").click();
      await moment.page.getByText(moment.portal.pattern("audit:chain.good")).waitFor();
      await moment.page.getByRole("img").first().waitFor();
    },
  },
  {
    name: "audit-record",
    user: "carol",
    async open(moment) {
      await go("/audit?kind=close&range=all")(moment);
      const row = moment.page.getByRole("list", { name: moment.portal.text("audit:list"), exact: true }).getByRole("button").first();
      await row.click();
      await row.scrollIntoViewIfNeeded();
    },
  },
  {
    name: "usage",
    user: "alice",
    async open(moment) {
      await go("/usage")(moment);
      await moment.page.getByRole("table").waitFor();
    },
  },
  {
    name: "usage-people",
    user: "dave",
    async open(moment) {
      await go("/usage?scope=tenant&by=user")(moment);
      await moment.page.getByRole("table").scrollIntoViewIfNeeded();
    },
  },
  {
    name: "admin-models",
    user: "dave",
    async open(moment) {
      await go("/admin/models")(moment);
      await moment.page.getByRole("radio").nth(3).check();
      await moment.page.getByRole("region", { name: moment.portal.text("models:changes"), exact: true }).waitFor();
    },
  },
  {
    name: "admin-quotas",
    user: "dave",
    async open(moment) {
      await go("/admin/quotas")(moment);
      await moment.page.getByRole("textbox").nth(2).fill("500");
      await moment.page.getByRole("region", { name: moment.portal.text("quotas:changes"), exact: true }).waitFor();
    },
  },
  {
    name: "admin-kill-switch",
    user: "dave",
    async open(moment) {
      await go("/admin/kill-switch")(moment);
      await moment.page.getByRole("radio").nth(1).check();
      await moment.page.getByRole("textbox").last().fill("…");
      await moment.portal.button("kill_switch:next").click();
      await moment.page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "stopped",
    user: "alice",
    async open(moment) {
      await moment.page.route(`${moment.stack.api}/api/v1/me`, async (route) => {
        const answer = await route.fetch();
        const stopped = { scope: "changes", reason: "…", since: "2026-11-24T13:05:00Z" };
        await route.fulfill({ response: answer, json: { ...(await answer.json()), kill_switch: stopped } });
      });
      await go("/c")(moment);
      await moment.page.getByText(moment.portal.text("kill_switch:stopped.changes"), { exact: true }).waitFor();
    },
  },
  {
    name: "admin-health",
    user: "dave",
    async open(moment) {
      await go("/admin/health")(moment);
      await moment.page.getByRole("heading", { level: 3 }).first().waitFor();
    },
  },
  {
    name: "admin-tenant",
    user: "dave",
    async open(moment) {
      await go("/admin/tenant")(moment);
      await moment.page.getByText(moment.portal.text("admin:tenant.settled"), { exact: true }).waitFor();
    },
  },
  { name: "settings", user: "alice", open: go("/settings") },
  {
    name: "settings-sessions",
    user: "alice",
    async open(moment) {
      await go("/settings#sessions")(moment);
      await moment.page.getByText(moment.portal.text("settings:sessions.current"), { exact: true }).waitFor();
    },
  },
  {
    name: "settings-data",
    user: "alice",
    async open(moment) {
      await go("/settings#data")(moment);
      await moment.portal.button("settings:data.begin").click();
      await moment.page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "sign-in-ended",
    user: "alice",
    async open(moment) {
      const { page, stack, portal, scene } = moment;
      await go(`/c/${scene.table}`)(moment);
      await page.getByRole("table").first().waitFor();
      await page.route(`${stack.api}/api/**`, (route) => refuse(route, problem(401, "token_expired")));
      await page.route("**/oauth2/v2.0/token", (route) => refuse(route, { status: 400, body: { error: "invalid_grant" } }));
      await portal.composer.fill("…");
      await portal.composer.press("Enter");
      await page.getByRole("dialog", { name: portal.text("session.ended_title") }).waitFor();
    },
  },
];
