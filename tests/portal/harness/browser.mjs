/** Debian's Chromium, and tabs that are watched. */
import { chromium } from "playwright-core";

import { watch } from "./watch.mjs";

/** @typedef {import("playwright-core").Browser} Browser */
/** @typedef {import("playwright-core").BrowserContext} BrowserContext */
/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("./texts.mjs").Language} Language */

/** How long a look or a click waits for what it needs. */
const PATIENCE_MS = 15_000;

export const DESKTOP = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };

/** @returns {Promise<Browser>} */
export function launch() {
  return chromium.launch({
    executablePath: process.env["AZIMUTH_CHROMIUM"] ?? "/usr/bin/chromium",
    // Inside a container there is no user namespace for Chromium's own sandbox.
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb"],
  });
}

/**
 * @typedef {object} TabOptions
 * @property {Language} [language]
 * @property {"light" | "dark"} [theme]
 * @property {boolean} [phone] a touch screen, 390 wide
 * @property {{ width: number, height: number }} [viewport]
 * @property {string} [proxy] origin of a proxy that every request goes through
 * @property {boolean} [reducedMotion]
 */

/**
 * A tab in a context of its own, which shares nothing with others.
 *
 * @param {Browser} browser
 * @param {readonly string[]} origins those that the portal may ask
 * @param {TabOptions} [options]
 */
export async function openTab(browser, origins, options = {}) {
  const context = await browser.newContext({
    locale: options.language === "ko" ? "ko-KR" : "en-US",
    timezoneId: "Asia/Seoul",
    colorScheme: options.theme ?? "light",
    reducedMotion: options.reducedMotion === true ? "reduce" : "no-preference",
    viewport: options.viewport ?? (options.phone === true ? PHONE : DESKTOP),
    hasTouch: options.phone === true,
    isMobile: options.phone === true,
    ...(options.proxy === undefined ? {} : { proxy: { server: options.proxy } }),
  });
  context.setDefaultTimeout(PATIENCE_MS);
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: origins[0] });
  const page = await context.newPage();
  const watched = await watch(context, origins);
  return { context, page, watched };
}
