/** Getting about without a mouse. */

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("playwright-core").Locator} Locator */

/**
 * Presses Tab (or Shift+Tab) until the focus is there.
 *
 * @param {Page} page
 * @param {Locator} target
 * @param {{ back?: boolean, most?: number }} [options]
 */
export async function tabTo(page, target, { back = false, most = 60 } = {}) {
  await target.first().waitFor();
  for (let press = 0; press <= most; press += 1) {
    if (await hasFocus(target)) return;
    await page.keyboard.press(back ? "Shift+Tab" : "Tab");
  }
  throw new Error(`${most} × ${back ? "Shift+Tab" : "Tab"} does not lead to ${target}`);
}

/** @param {Locator} target */
export async function hasFocus(target) {
  return target.first().evaluate((element) => element === document.activeElement);
}
