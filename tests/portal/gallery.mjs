/**
 * Pictures of every page for a person to look at: both languages, both themes, desktop and
 * phone. `--out DIR` or `AZIMUTH_GALLERY_DIR`; `index.html` there shows them all. Further
 * arguments leave out every picture whose name has none of them.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import { contactSheet } from "./gallery/sheet.mjs";
import { SHOTS } from "./gallery/shots.mjs";
import { setScene } from "./gallery/scenery.mjs";
import { launch, openTab } from "./harness/browser.mjs";
import { settled } from "./harness/checks.mjs";
import { Model, OFFLINE_PLANNER } from "./harness/model.mjs";
import { Portal } from "./harness/portal.mjs";
import { signIn } from "./harness/sign-in.mjs";
import { startStack } from "./harness/stack.mjs";
import { LANGUAGES } from "./harness/texts.mjs";

const THEMES = /** @type {const} */ (["light", "dark"]);
const DEVICES = /** @type {const} */ (["desktop", "phone"]);

/** @typedef {{ file: string, shot: string, language: string, theme: string, device: string }} Picture */

const args = process.argv.slice(2);
const flag = args.indexOf("--out");
const out = resolve(flag >= 0 ? String(args.splice(flag, 2)[1]) : (process.env["AZIMUTH_GALLERY_DIR"] ?? "gallery-out"));
const shots = SHOTS.filter(({ name }) => args.length === 0 || args.some((part) => name.includes(part)));

/** @type {Picture[]} */
const pictures = [];
/** @type {string[]} */
const faults = [];
await mkdir(out, { recursive: true });
const browser = await launch();
try {
  for (const language of LANGUAGES) await inLanguage(language);
} finally {
  await browser.close();
}
await writeFile(join(out, "index.html"), contactSheet(pictures));
console.log(`${pictures.length} pictures: ${join(out, "index.html")}`);
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;

/** @param {import("./harness/texts.mjs").Language} language */
async function inLanguage(language) {
  const model = await Model.start();
  const stack = await startStack({ env: { ...model.environment(), AZIMUTH_MCP_COMMANDS: process.execPath }, model: OFFLINE_PLANNER });
  try {
    const scene = await setScene(stack, model, language);
    for (const theme of THEMES) {
      for (const device of DEVICES) await onDevice(stack, scene, language, theme, device);
    }
    scene.release();
  } finally {
    await stack.stop();
    await model.close();
  }
}

/**
 * @param {import("./harness/stack.mjs").Stack} stack
 * @param {import("./gallery/scenery.mjs").Scenery} scene
 * @param {import("./harness/texts.mjs").Language} language
 * @param {"light" | "dark"} theme
 * @param {"desktop" | "phone"} device
 */
async function onDevice(stack, scene, language, theme, device) {
  const origins = [stack.portal, stack.api, stack.sandbox];
  for (const user of [null, "alice", "carol", "dave"]) {
    const mine = shots.filter((shot) => shot.user === user && (shot.device ?? device) === device);
    if (mine.length === 0) continue;
    const { context, page, watched } = await openTab(browser, origins, { language, theme, phone: device === "phone", reducedMotion: true });
    if (user !== null) await signIn(page, stack, user, "/c", language);
    for (const shot of mine) {
      const base = `${shot.name}.${language}.${theme}.${device}`;
      try {
        await shot.open({ page, portal: new Portal(page, language), stack, scene });
        if (shot.busy !== true) await settled(page);
        const file = `${base}.png`;
        await page.screenshot({ path: join(out, file) });
        pictures.push({ file, shot: shot.name, language, theme, device });
      } catch (error) {
        faults.push(`${base}: ${error instanceof Error ? error.message : error}`);
        await page.screenshot({ path: join(out, `FAILED.${base}.png`) }).catch(() => undefined);
      } finally {
        await page.unrouteAll({ behavior: "ignoreErrors" });
        await context.setOffline(false);
      }
    }
    try {
      watched.expectClean();
    } catch (error) {
      faults.push(`${user} ${language} ${theme} ${device}: ${error instanceof Error ? error.message : error}`);
    }
    await context.close();
  }
}
