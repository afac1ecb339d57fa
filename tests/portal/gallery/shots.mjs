/** What is on the pictures. */

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
      await moment.page.locator('[data-phase="writing"]').waitFor();
    },
  },
  {
    name: "chat-approval",
    user: "alice",
    async open(moment) {
      await go(`/c/${moment.scene.approval}`)(moment);
      await moment.page.locator('[data-phase="waiting_approval"]').waitFor();
    },
  },
  {
    name: "chat-approval-of-another",
    user: "alice",
    async open(moment) {
      await go(`/c/${moment.scene.handed}`)(moment);
      await moment.page.locator('[data-phase="waiting_approval"]').waitFor();
    },
  },
  { name: "chat-denied", user: "alice", open: (moment) => go(`/c/${moment.scene.failed}`)(moment) },
  { name: "chat-not-found", user: "alice", open: go("/c/no-such-conversation") },
  { name: "approvals-asker", user: "alice", open: go("/approvals") },
  { name: "approvals-approver", user: "carol", open: go("/approvals") },
  { name: "settings", user: "alice", open: go("/settings") },
];
