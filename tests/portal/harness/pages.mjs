/** Every page of the portal, and how to stand on it. */
import { asked } from "./api.mjs";
import { LANGUAGES, text } from "./texts.mjs";

/** @typedef {import("./stack.mjs").Stack} Stack */
/** @typedef {import("./texts.mjs").Language} Language */

/**
 * @typedef {object} Furniture
 * @property {string} answered conversation with an answered tool call
 * @property {string} waiting conversation that waits for the asker's approval
 */

const QUESTIONS = {
  en: { list: "list my resource groups", create: "create storage account stpages1 in rg-dev", title: "Storage in Contoso-Dev" },
  ko: { list: "내 리소스 그룹 보여줘", create: "rg-dev에 스토리지 계정 stpages2 만들어줘", title: "Contoso-Dev 스토리지" },
};

/**
 * Conversations of alice for pages that show data, in one language: English pages are to hold no
 * Korean, also not in a list.
 *
 * @param {Stack} stack
 * @param {Language} language
 * @returns {Promise<Furniture>}
 */
export async function furnish(stack, language) {
  const say = QUESTIONS[language];
  const answered = await asked(stack, "alice", say.list);
  const waiting = await asked(stack, "alice", say.create, { title: say.title, until: ["waiting"] });
  return { answered: answered.conversation, waiting: waiting.conversation };
}

/** Pages before anybody is signed in. */
export const OPEN_PAGES = ["/login", "/callback?error=access_denied&state=unknown", "/403?permission=chat.use", "/404", "/no/such/page"];

/** A conversation that nobody has: its page is the one for what is not there. */
const NOBODYS = "/c/no-such-conversation";

/** A tool with fields of several kinds. */
const TOOL = "/tools/azure/storage_account_create";

/**
 * Pages of alice, with what must stand there before it is looked at.
 *
 * @param {Furniture} furniture
 * @returns {{ name: string, path: string }[]}
 */
export function signedInPages(furniture) {
  return [
    { name: "/c", path: "/c" },
    { name: "/c/:id with an answer", path: `/c/${furniture.answered}` },
    { name: "/c/:id with an approval", path: `/c/${furniture.waiting}` },
    { name: "/c/:id of nobody", path: NOBODYS },
    { name: "/approvals", path: "/approvals" },
    { name: "/tools", path: "/tools" },
    { name: "/tools/:server/:tool", path: TOOL },
    { name: "/audit", path: "/audit" },
    { name: "/usage", path: "/usage" },
    { name: "/settings", path: "/settings" },
  ];
}

/** Pages of dave, who administers. */
export const ADMIN_PAGES = ["/admin/users", "/admin/roles", "/admin/policies", "/admin/tools", "/admin/servers", "/admin/models", "/admin/quotas", "/admin/kill-switch", "/admin/health", "/admin/tenant"];

/**
 * Waits until a page shows what it is for, so that no check looks at a skeleton.
 *
 * @param {import("playwright-core").Page} page
 * @param {string} path
 * @param {Furniture} [furniture]
 */
export async function stands(page, path, furniture) {
  await page.locator("h1").first().waitFor();
  if (path === NOBODYS) {
    const titles = LANGUAGES.map((language) => page.getByRole("heading", { level: 1, name: text(language, "pages:not_found.title"), exact: true }));
    await titles.reduce((one, other) => one.or(other)).waitFor();
  }
  if (furniture !== undefined && path.endsWith(furniture.answered)) await page.getByRole("table").first().waitFor();
  // What it would do is the only table there.
  if (furniture !== undefined && path.endsWith(furniture.waiting)) await page.getByRole("table").first().waitFor();
  if (path === "/admin/users") await page.getByRole("main").getByText(/^[0-9a-f]{8}-/).first().waitFor();
  if (path === "/admin/roles") await page.getByRole("main").getByRole("list").last().getByRole("listitem").first().waitFor();
  if (path === "/admin/policies") await page.getByRole("main").getByRole("textbox").waitFor();
  if (path === "/admin/tools") await page.getByRole("main").getByRole("list").last().getByRole("listitem").first().waitFor();
  if (path === "/admin/servers") await page.getByRole("main").getByText("AZIMUTH_MCP_COMMANDS").waitFor();
  if (path === "/admin/models") await page.getByRole("main").getByRole("radio").first().waitFor();
  if (path === "/admin/quotas" || path === "/admin/kill-switch") await page.getByRole("main").getByRole("textbox").first().waitFor();
  if (path === "/admin/tenant") await page.getByRole("main").getByRole("list").last().getByRole("listitem").first().waitFor();
  if (path === "/admin/health") await page.getByRole("heading", { level: 3 }).first().waitFor();
  if (path === "/tools") await page.getByRole("main").getByRole("listitem").first().waitFor();
  if (path === TOOL) await page.getByRole("main").getByRole("textbox").first().waitFor();
  if (path === "/audit") await page.getByRole("img").first().waitFor();
  if (path === "/usage") await page.getByRole("table").waitFor();
  if (path === "/approvals") await page.getByRole("listitem").filter({ hasText: "storage_account_create" }).first().waitFor();
}
