/** The two ways to use the portal without a mouse: the same steps by keys alone and by touch. */
import { tabTo } from "./keyboard.mjs";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("playwright-core").Locator} Locator */

/** So many stops lie before the last one of the longest page. */
const MOST_STOPS = 150;

export class Hands {
  /**
   * @param {Page} page
   * @param {"keys" | "touch"} kind
   */
  constructor(page, kind) {
    this.page = page;
    this.kind = kind;
  }

  /** Presses a button, follows a link, opens a menu. @param {Locator} target */
  async press(target) {
    if (this.kind === "touch") return target.first().tap();
    await this.#reach(target);
    await this.page.keyboard.press("Enter");
  }

  /** Writes in the place of what stands there. @param {Locator} field @param {string} text */
  async write(field, text) {
    if (this.kind === "touch") {
      await field.tap();
      return field.fill(text);
    }
    await this.#reach(field);
    await this.page.keyboard.press("ControlOrMeta+a");
    await this.page.keyboard.insertText(text);
  }

  /** @param {Locator} target */
  async #reach(target) {
    await tabTo(this.page, target, { most: MOST_STOPS });
  }
}
