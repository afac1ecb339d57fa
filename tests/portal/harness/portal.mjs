/** The portal as a person uses it: what to press, where to look. By role and label only. */
import { pattern, text } from "./texts.mjs";
import { until } from "./waiting.mjs";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("playwright-core").Locator} Locator */
/** @typedef {import("./texts.mjs").Language} Language */

/** The phases in which a turn has ended. */
const ENDED = ["done", "failed", "cancelled"];

export class Portal {
  /**
   * @param {Page} page
   * @param {Language} [language]
   */
  constructor(page, language = "en") {
    this.page = page;
    this.language = language;
  }

  /** @param {string} key @param {Record<string, string | number>} [values] */
  text(key, values) {
    return text(this.language, key, values);
  }

  /** @param {string} key @param {Record<string, string | number>} [values] */
  pattern(key, values) {
    return pattern(this.language, key, values);
  }

  get main() {
    return this.page.getByRole("main");
  }

  get composer() {
    return this.page.getByRole("textbox", { name: this.text("chat:composer.label"), exact: true });
  }

  get sendButton() {
    return this.page.getByRole("button", { name: this.text("chat:composer.send"), exact: true });
  }

  get stopButton() {
    return this.page.getByRole("button", { name: this.text("chat:stop"), exact: true });
  }

  /** Everything of one turn: question, answers, tool cards. */
  get turns() {
    return this.page.locator("[data-phase]");
  }

  get lastTurn() {
    return this.turns.last();
  }

  /** Asks, and waits until the question is a turn of its own. @param {string} question */
  async ask(question) {
    await this.composer.fill(question);
    await this.composer.press("Enter");
    await this.page.waitForURL(/\/c\/[^/]+$/);
    await this.lastTurn.filter({ hasText: question.slice(0, 60) }).waitFor();
  }

  /** @param {number} [ms] */
  async answered(ms = 30_000) {
    return until("the last turn has ended", async () => {
      const phase = await this.lastTurn.getAttribute("data-phase");
      return phase !== null && ENDED.includes(phase) && phase;
    }, ms);
  }

  /** The id of the conversation on the screen. */
  get conversation() {
    return new URL(this.page.url()).pathname.split("/")[2] ?? "";
  }

  /** The card of a call of that tool. @param {string} tool */
  toolCard(tool) {
    return this.page.getByRole("region", { name: this.pattern("tools:call_of", {}) }).filter({ hasText: tool });
  }

  /** The raw Markdown of the last answer, by its own copy button and the clipboard. */
  async copyAnswer() {
    await this.page.evaluate(() => navigator.clipboard.writeText(""));
    await this.lastTurn.getByRole("button", { name: this.text("chat:answer.copy"), exact: true }).last().click();
    return until("the answer is on the clipboard", () => this.page.evaluate(() => navigator.clipboard.readText()));
  }
}
