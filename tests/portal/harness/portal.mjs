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

  /**
   * @param {string} key of its label
   * @param {Record<string, string | number>} [values]
   */
  button(key, values) {
    return this.page.getByRole("button", { name: this.text(key, values), exact: true });
  }

  get composer() {
    return this.page.getByRole("textbox", { name: this.text("chat:composer.label"), exact: true });
  }

  get sendButton() {
    return this.button("chat:composer.send");
  }

  /** Of the turn that runs; the composer may have one of its own. */
  get stopButton() {
    return this.button("chat:stop").first();
  }

  /** Question, answers and tool cards of each turn that is shown. */
  get turns() {
    return this.page.locator("article[data-phase]");
  }

  get lastTurn() {
    return this.turns.last();
  }

  /** The id of the conversation on the screen. */
  get conversation() {
    return new URL(this.page.url()).pathname.split("/")[2] ?? "";
  }

  /** Writes a question and sends it; returns when its turn has begun. @param {string} question */
  async ask(question) {
    const before = (await this.turns.count()) === 0 ? null : await this.lastTurn.getAttribute("data-turn");
    await this.composer.fill(question);
    await this.composer.press("Enter");
    await this.page.waitForURL(/\/c\/[^/]+$/);
    await until("the question is a turn", async () => {
      if ((await this.turns.count()) === 0) return false;
      const turn = await this.lastTurn.getAttribute("data-turn");
      return turn !== null && turn !== before;
    });
  }

  /** Waits for the end of the last turn; gives its phase. @param {number} [ms] */
  async answered(ms = 30_000) {
    return until(
      "the last turn has ended",
      async () => {
        const phase = await this.lastTurn.getAttribute("data-phase");
        return phase !== null && ENDED.includes(phase) && phase;
      },
      ms,
    );
  }

  /** @param {string} phase @param {number} [ms] */
  async phase(phase, ms = 30_000) {
    await until(`the last turn is ${phase}`, async () => (await this.lastTurn.getAttribute("data-phase")) === phase, ms);
  }

  async lastTurnId() {
    return String(await this.lastTurn.getAttribute("data-turn"));
  }

  /** The cards of calls of that tool. @param {string} tool */
  toolCard(tool) {
    const name = new RegExp(`\\.${tool}(\\W|$)`);
    return this.page.getByRole("group", { name }).or(this.page.getByRole("region", { name }));
  }

  /**
   * What a call would do, where it is shown within `card`.
   *
   * @param {Locator} card
   */
  previewIn(card) {
    return card.getByRole("table", { name: this.text("approvals:preview.title"), exact: true });
  }

  /**
   * Waits until the preview in `card` says what becomes of the resource: a sign and a word.
   *
   * @param {Locator} card
   * @param {"create" | "change" | "delete" | "nothing"} action
   */
  async previews(card, action) {
    const sign = { create: "+ ", change: "~ ", delete: "− ", nothing: "" }[action];
    await card.getByText(sign + this.text(`approvals:preview.action.${action}`), { exact: true }).waitFor();
  }

  /**
   * The row of a preview that names a field, and its value.
   *
   * @param {Locator} card
   * @param {string} field key of its name
   * @param {string} value
   */
  previewRow(card, field, value) {
    const row = this.previewIn(card).getByRole("row").filter({ hasText: this.text(`approvals:preview.fields.${field}`) });
    return row.getByRole("cell").getByText(value, { exact: true });
  }

  /** The raw Markdown of the last answer, by its own copy button and the clipboard. */
  async copyAnswer() {
    await this.page.evaluate(() => navigator.clipboard.writeText(""));
    await this.lastTurn.getByRole("button", { name: this.text("chat:answer.copy"), exact: true }).click();
    return until("the answer is on the clipboard", () => this.page.evaluate(() => navigator.clipboard.readText()));
  }

  /** Chooses the model of the next question. @param {string} name */
  async chooseModel(name) {
    await this.page.getByRole("button", { name: this.pattern("chat:model.label") }).click();
    await this.page.getByRole("menuitemradio", { name }).click();
    await this.page.getByRole("button", { name: this.text("chat:model.label", { name }), exact: true }).waitFor();
  }

  /** Chooses the mode of the next question. @param {"read_only" | "review" | "autonomous"} mode */
  async chooseMode(mode) {
    const name = this.text(`chat:mode.${mode}.name`);
    await this.page.getByRole("button", { name: this.pattern("chat:mode.label") }).click();
    await this.page.getByRole("menuitemradio", { name }).click();
    await this.page.getByRole("button", { name: this.text("chat:mode.label", { name }), exact: true }).waitFor();
  }

  /** The palette of commands; its keys work once what is seldom needed has been loaded. */
  async openCommands() {
    const dialog = this.page.getByRole("dialog");
    await until("the commands are open", async () => {
      if ((await dialog.count()) > 0) return true;
      await this.page.keyboard.press("ControlOrMeta+k");
      return false;
    });
    return dialog;
  }

  get conversations() {
    return this.page.getByRole("navigation", { name: this.text("sidebar:heading"), exact: true });
  }

  /** A conversation in the sidebar. @param {string | RegExp} title */
  row(title) {
    return this.conversations.getByRole("link", { name: title });
  }

  get search() {
    return this.page.getByRole("textbox", { name: this.text("sidebar:search.label"), exact: true });
  }

  /** Opens a conversation's menu and chooses. @param {string} title @param {string} entry key of the text */
  async chooseOf(title, entry) {
    await this.row(title).hover();
    await this.button("sidebar:menu.open", { title }).click();
    await this.page.getByRole("menuitem", { name: this.text(entry), exact: true }).click();
  }
}
