/** What holds on every page: axe, no sideways scrolling, targets, focus, language. */
import assert from "node:assert/strict";

import AxeBuilderModule from "@axe-core/playwright";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("./texts.mjs").Language} Language */

// The package is CommonJS and an ES module at once.
const AxeBuilder = /** @type {any} */ (AxeBuilderModule).default ?? AxeBuilderModule;

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What another theme can change: nothing else of a page depends on its colours. */
const COLOURS = ["color-contrast", "link-in-text-block"];

/** Waits until nothing is loading and nothing that ends is moving. @param {Page} page */
export async function settled(page) {
  await page.waitForFunction(() => {
    const moving = document.getAnimations().some((animation) => {
      const end = animation.effect?.getComputedTiming().endTime;
      return animation.playState === "running" && end !== Infinity;
    });
    return !moving && document.querySelector('[aria-busy="true"]') === null && document.fonts.status === "loaded";
  });
}

/**
 * WCAG 2.2 AA as far as a machine can tell; the error lists every node.
 *
 * @param {Page} page
 * @param {string} where
 * @param {{ without?: string[], onlyColours?: boolean }} [options] rules that do not apply;
 *   or only those that depend on the theme
 */
export async function accessible(page, where, { without = [], onlyColours = false } = {}) {
  await settled(page);
  const rules = { "target-size": { enabled: true }, ...Object.fromEntries(without.map((rule) => [rule, { enabled: false }])) };
  const { violations } = await new AxeBuilder({ page })
    .setLegacyMode(true)
    .options(onlyColours ? { runOnly: { type: "rule", values: COLOURS } } : { runOnly: { type: "tag", values: TAGS }, rules })
    .analyze();
  const lines = violations.flatMap((/** @type {any} */ violation) =>
    violation.nodes.map((/** @type {any} */ node) => `${violation.id}: ${node.html.slice(0, 200)}\n    ${node.failureSummary?.replaceAll("\n", "\n    ")}`),
  );
  assert.equal(lines.length, 0, `axe finds on ${where}:\n${lines.join("\n")}`);
}

/** One heading of the first level, and landmarks around everything. @param {Page} page @param {string} where */
export async function structured(page, where) {
  const found = await page.evaluate(() => ({
    h1: [...document.querySelectorAll("h1")].map((heading) => heading.textContent?.trim()),
    main: document.querySelectorAll("main, [role=main]").length,
    title: document.title,
  }));
  assert.equal(found.h1.length, 1, `${where} has the headings ${JSON.stringify(found.h1)}`);
  assert.ok(found.h1[0], `${where} has an empty heading`);
  assert.equal(found.main, 1, `${where} has ${found.main} main landmarks`);
  assert.ok(found.title.includes("Azimuth"), `${where} is titled ${found.title}`);
}

/** @param {Page} page @param {string} where */
export async function fitsItsWidth(page, where) {
  const { width, wide } = await page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const clipped = (/** @type {Element} */ element) => {
      for (let at = element.parentElement; at !== null; at = at.parentElement) {
        if (getComputedStyle(at).overflowX !== "visible") return true;
      }
      return false;
    };
    const wide = [...document.querySelectorAll("body *")]
      .filter((element) => element.getBoundingClientRect().right > width + 0.5 && !clipped(element))
      .map((element) => `${element.tagName.toLowerCase()}.${String(element.className).slice(0, 60)}`);
    if (document.documentElement.scrollWidth > width) wide.unshift(`the page scrolls to ${document.documentElement.scrollWidth}`);
    const main = document.querySelector("main");
    if (main !== null && main.scrollWidth > main.clientWidth + 1) wide.unshift(`main scrolls to ${main.scrollWidth} of ${main.clientWidth}`);
    return { width, wide: wide.slice(0, 10) };
  });
  assert.deepEqual(wide, [], `${where} does not fit ${width} px`);
}

/**
 * No text is cut off, but what a title tells in full.
 *
 * @param {Page} page
 * @param {string} where
 */
export async function cutsNothing(page, where) {
  const cut = await page.evaluate(() => {
    const pen = document.createElement("canvas").getContext("2d");
    const overflows = (/** @type {HTMLInputElement | HTMLSelectElement} */ field, /** @type {string} */ text) => {
      const style = getComputedStyle(field);
      if (pen === null) return false;
      pen.font = style.font;
      return pen.measureText(text).width > field.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) + 1;
    };
    /** @param {Element} element the text that does not fit, where there is one */
    const cutIn = (element) => {
      if (element instanceof HTMLInputElement) return element.value === "" && overflows(element, element.placeholder) ? element.placeholder : null;
      if (element instanceof HTMLSelectElement) return overflows(element, element.selectedOptions[0]?.label ?? "") ? element.selectedOptions[0]?.label : null;
      const { overflowX, overflowY } = getComputedStyle(element);
      const hides = (/** @type {string} */ overflow) => overflow === "hidden" || overflow === "clip";
      const isCut = (hides(overflowX) && element.scrollWidth > element.clientWidth + 1) || (hides(overflowY) && element.scrollHeight > element.clientHeight + 1);
      const hasText = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim() !== "");
      return isCut && hasText ? element.textContent?.trim() : null;
    };
    return [...document.querySelectorAll("body *")].flatMap((element) => {
      const box = element.getBoundingClientRect();
      const { visibility, clipPath } = getComputedStyle(element);
      // What is only for screen readers is 1 px in size, or clipped away.
      if (box.width <= 1 || box.height <= 1 || visibility !== "visible" || clipPath !== "none") return [];
      const text = cutIn(element);
      return text == null || element.closest("[title]")?.getAttribute("title")?.includes(text) === true ? [] : [text.slice(0, 120)];
    });
  });
  assert.deepEqual(cut, [], `${where} cuts texts off`);
}

/**
 * Everything to press is at least that big, or stands in a line of text.
 *
 * @param {Page} page
 * @param {string} where
 * @param {number} least px
 */
export async function targetsAtLeast(page, where, least) {
  const small = await page.evaluate((least) => {
    const shown = (/** @type {Element} */ element) => {
      const box = element.getBoundingClientRect();
      const style = getComputedStyle(element);
      // What is only for screen readers, or for the keyboard, is 1 px in size or clipped away.
      return box.width > 1 && box.height > 1 && style.visibility === "visible" && style.clipPath === "none";
    };
    return [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [role=tab], [role=menuitem]")]
      .filter((element) => shown(element) && !(element.tagName === "A" && element.closest("p, li, td") !== null))
      // A label is part of the target of its control.
      .filter((element) => !(element instanceof HTMLInputElement && element.closest("label") !== null))
      .map((element) => ({ box: element.getBoundingClientRect(), html: element.outerHTML.slice(0, 120) }))
      .filter(({ box }) => box.width < least - 0.5 || box.height < least - 0.5)
      .map(({ box, html }) => `${Math.round(box.width)}×${Math.round(box.height)} ${html}`);
  }, least);
  assert.deepEqual(small, [], `${where} has targets below ${least} px`);
}

/** @param {Page} page @param {string} where @param {Language} language */
export async function speaks(page, where, language) {
  const { lang, hangul } = await page.evaluate(() => {
    const lines = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const parent = node.parentElement;
      if (/[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]/.test(node.textContent ?? "") && parent?.closest("[lang=ko]:not(html), script, style") === null) {
        lines.push(node.textContent?.trim().slice(0, 80));
      }
    }
    for (const element of document.querySelectorAll("[aria-label], [title], [placeholder], [alt]")) {
      for (const name of ["aria-label", "title", "placeholder", "alt"]) {
        const value = element.getAttribute(name) ?? "";
        if (/[\uac00-\ud7af]/.test(value) && element.closest("[lang=ko]:not(html)") === null) lines.push(`${name}: ${value}`);
      }
    }
    return { lang: document.documentElement.lang, hangul: lines };
  });
  assert.equal(lang, language, `the language of ${where}`);
  if (language === "en") assert.deepEqual(hangul, [], `${where} has Korean on an English page`);
  else assert.ok(hangul.length > 0, `${where} has no Korean on a Korean page`);
}

/**
 * Walks with Tab through the page and looks at each stop: its focus is seen, and it is on the
 * screen and not covered.
 *
 * @param {Page} page
 * @param {string} where
 * @param {number} [most]
 */
export async function showsFocus(page, where, most = 40) {
  await page.evaluate(() => {
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  });
  /** @type {string[]} */
  const bad = [];
  let stops = 0;
  for (; stops < most; stops += 1) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const element = document.activeElement;
      if (element === null || element === document.body) return null;
      const first = element.getAttribute("data-seen-focus") !== null;
      element.setAttribute("data-seen-focus", "");
      const rings = [element, element.parentElement, element.closest("label, form, [data-focus-ring]")].some((at) => {
        if (at === null) return false;
        const style = getComputedStyle(at);
        return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1) || style.boxShadow.includes("0px 0px 0px");
      });
      const box = element.getBoundingClientRect();
      const x = Math.min(innerWidth - 1, Math.max(0, box.left + box.width / 2));
      const y = Math.min(innerHeight - 1, Math.max(0, box.top + Math.min(box.height / 2, 12)));
      const top = document.elementFromPoint(x, y);
      const seen = box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
      const covered = top !== null && !element.contains(top) && !top.contains(element);
      return { again: first, html: element.outerHTML.slice(0, 140), rings, seen, covered };
    });
    if (stop === null || stop.again) break;
    if (!stop.rings) bad.push(`no focus ring: ${stop.html}`);
    if (!stop.seen) bad.push(`off the screen: ${stop.html}`);
    if (stop.covered) bad.push(`covered: ${stop.html}`);
  }
  assert.deepEqual(bad, [], `the focus on ${where}`);
  assert.ok(stops > 0, `${where} has nothing to focus`);
}
