/** Signing in as people do it: the portal's page, the issuer's picker, and back. */
import { text } from "./texts.mjs";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("./texts.mjs").Language} Language */

/**
 * Opens a page of the portal, signs in on the way, and waits until it stands.
 *
 * @param {Page} page
 * @param {import("./stack.mjs").Stack} stack
 * @param {string} user
 * @param {string} at path of the page
 * @param {Language} language
 */
export async function signIn(page, stack, user, at, language) {
  await page.goto(stack.portal + at);
  await page.getByRole("button", { name: text(language, "login:sign_in"), exact: true }).click();
  await page.locator(`button[value=${user}]`).click();
  await page.waitForURL((url) => url.origin === stack.portal && url.pathname !== "/callback" && url.pathname !== "/login");
  await page.getByRole("main").waitFor();
}
