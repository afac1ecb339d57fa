import assert from "node:assert/strict";
import { after, describe } from "node:test";

import { asked, get } from "./harness/api.mjs";
import { settled } from "./harness/checks.mjs";
import { hasFocus } from "./harness/keyboard.mjs";
import { longAnswer } from "./harness/long-answer.mjs";
import { MODEL_NAME, Model, OFFLINE_PLANNER } from "./harness/model.mjs";
import { Portal } from "./harness/portal.mjs";
import { problem, refuse } from "./harness/refusals.mjs";
import { stage } from "./harness/stage.mjs";
import { text } from "./harness/texts.mjs";
import { until } from "./harness/waiting.mjs";

const TURNS = /\/v1\/conversations\/[^/]+\/turns$/;

const model = await Model.start();

/**
 * Where the frame of a page stands, whatever its words are.
 *
 * @param {import("playwright-core").Page} page
 */
const placed = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll("aside, aside a, main, h1, nav, main input[type=search], main textarea, [role=tablist]")].map((element) => {
      const { x, y, bottom } = element.getBoundingClientRect();
      // How far the page goes on below the screen is another matter.
      return [element.tagName, Math.round(x), Math.round(y), Math.round(Math.min(bottom, innerHeight))].join(" ");
    }),
  );

describe("when something is not as it should be", () => {
  const its = stage({ env: model.environment(), model: OFFLINE_PLANNER });
  after(() => model.close());

  its.test("offline: the draft is kept and never sent by itself", async (scene) => {
    const { page, context } = await scene.signedIn("alice");
    const portal = new Portal(page);
    const { items: before } = await get(scene.stack, "alice", "/v1/conversations");
    await portal.composer.fill("create storage account stoffline in rg-dev");
    await context.setOffline(true);
    await page.getByText(portal.text("connection.offline"), { exact: true }).waitFor({ timeout: 2_000 });
    assert.ok(await portal.sendButton.isDisabled());
    await portal.composer.press("Enter");
    await context.setOffline(false);
    await page.getByText(portal.text("connection.offline"), { exact: true }).waitFor({ state: "detached" });
    assert.equal(await portal.composer.inputValue(), "create storage account stoffline in rg-dev");
    await page.reload();
    await until("the draft is there", async () => (await portal.composer.inputValue()) === "create storage account stoffline in rg-dev");
    const { items: after } = await get(scene.stack, "alice", "/v1/conversations");
    assert.equal(after.length, before.length, "nothing was sent");
    await portal.composer.fill("");
  });

  its.test("a wait is shown once it is long enough to be noticed", async (scene) => {
    const { page } = await scene.signedIn("alice");
    const portal = new Portal(page);
    await portal.composer.waitFor();
    /** @type {() => void} */
    let release = () => undefined;
    const held = new Promise((done) => {
      release = () => done(undefined);
    });
    await page.route(`${scene.stack.api}/api/v1/tools**`, async (route) => {
      await held;
      await route.fallback();
    });
    await page.getByRole("link", { name: portal.text("nav.tools"), exact: true }).click();
    const skeleton = page.getByRole("main").locator("[aria-busy=true]").first();
    await skeleton.waitFor({ state: "attached" });
    // Nothing is to be seen for 150 ms, whatever the frames were when this was asked.
    const { delay, fill } = await skeleton.evaluate((element) => {
      const { animationDelay, animationFillMode } = getComputedStyle(element);
      return { delay: animationDelay.split(",")[0], fill: animationFillMode.split(",")[0] };
    });
    assert.deepEqual([delay, fill], ["0.15s", "backwards"]);
    await until("it is seen then", async () => Number(await skeleton.evaluate((element) => getComputedStyle(element).opacity)) > 0.4);
    release();
    await skeleton.waitFor({ state: "detached" });
    await page.getByRole("main").getByRole("listitem").first().waitFor();
  });

  its.test("a token that ended is renewed once, without a word", async (scene) => {
    const { page } = await scene.signedIn("alice");
    const portal = new Portal(page);
    let renewals = 0;
    let refusals = 0;
    page.on("request", (request) => {
      if (request.method() === "POST" && request.url().endsWith("/oauth2/v2.0/token")) renewals += 1;
    });
    // A request of the page that is left would be refused in vain.
    await page.goto("about:blank");
    await page.route(`${scene.stack.api}/api/v1/approvals**`, async (route) => {
      refusals += 1;
      if (refusals === 1) await refuse(route, problem(401, "token_expired"));
      else await route.fallback();
    });
    await page.goto(`${scene.stack.portal}/approvals`);
    await page.getByRole("heading", { level: 1, name: portal.text("approvals:title"), exact: true }).waitFor();
    await until("the token was renewed", () => renewals >= 1);
    await until("the request was repeated", () => refusals >= 2);
    await page.getByRole("tab").first().waitFor();
    assert.equal(renewals, 1);
    assert.equal(await page.getByRole("dialog").count(), 0);
    assert.equal(await page.getByRole("alert").count(), 0);
  });

  its.test("a sign-in that ended keeps the draft", async (scene) => {
    const { conversation } = await asked(scene.stack, "alice", "list my resource groups");
    const { page } = await scene.signedIn("alice", { at: `/c/${conversation}` });
    const portal = new Portal(page);
    await portal.turns.first().waitFor();
    await page.route(`${scene.stack.api}/api/**`, (route) => refuse(route, problem(401, "token_expired")));
    await page.route("**/oauth2/v2.0/token", (route) => refuse(route, { status: 400, body: { error: "invalid_grant" } }));
    await portal.composer.fill("내 스토리지 계정 보여줘");
    await portal.composer.press("Enter");
    const dialog = page.getByRole("dialog", { name: portal.text("session.ended_title") });
    await dialog.waitFor();
    await page.unrouteAll({ behavior: "wait" });
    await dialog.getByRole("button", { name: portal.text("session.sign_in_again"), exact: true }).click();
    await page.locator("button[value=alice]").click();
    await page.waitForURL(`**/c/${conversation}`);
    await until("the draft is there", async () => (await portal.composer.inputValue()) === "내 스토리지 계정 보여줘");
    assert.equal((await get(scene.stack, "alice", `/v1/conversations/${conversation}/messages`)).items.filter((/** @type {any} */ m) => m.author === "user").length, 1);
  });

  its.test("too many: counts down, names the request, and sends the same question once", async (scene) => {
    const { page } = await scene.signedIn("alice");
    const portal = new Portal(page);
    /** @type {(string | null)[]} */
    const keys = [];
    await page.route(TURNS, async (route) => {
      if (route.request().method() !== "POST") return route.fallback();
      keys.push(await route.request().headerValue("idempotency-key"));
      if (keys.length > 1) return route.fallback();
      return refuse(route, problem(429, "too_many_turns", { retryAfter: 2 }));
    });
    await portal.composer.fill("list my resource groups");
    await portal.composer.press("Enter");
    const notice = page.getByRole("alert");
    await notice.getByText("req-of-the-test", { exact: true }).waitFor();
    const waiting = notice.getByRole("button", { name: portal.pattern("problem.retry_in") });
    await waiting.waitFor();
    assert.ok(await waiting.isDisabled());
    await notice.getByRole("button", { name: portal.text("problem.retry"), exact: true }).click();
    await portal.turns.first().waitFor();
    assert.equal(await portal.answered(), "done");
    assert.equal(keys.length, 2);
    assert.equal(keys[0], keys[1], "one intent, one key");
    assert.equal(await notice.count(), 0);
  });

  its.test("a failure names its request and can be tried again", async (scene) => {
    const { page } = await scene.signedIn("alice");
    const portal = new Portal(page);
    let broken = true;
    await page.route(`${scene.stack.api}/api/v1/approvals?**`, (route) => (broken ? refuse(route, problem(500, "internal")) : route.fallback()));
    await page.goto(`${scene.stack.portal}/approvals`);
    const notice = page.getByRole("main").getByRole("alert");
    await notice.getByText("req-of-the-test", { exact: true }).waitFor();
    broken = false;
    await notice.getByRole("button", { name: portal.text("problem.retry"), exact: true }).click();
    await notice.waitFor({ state: "detached" });
  });

  its.test("a yes to what has changed is refused, and shown", async (scene) => {
    const { conversation } = await asked(scene.stack, "alice", "create storage account ststale in rg-dev", { until: ["waiting"] });
    const { page } = await scene.signedIn("alice", { at: `/c/${conversation}` });
    const portal = new Portal(page);
    await page.route(/\/v1\/approvals\/[^/]+\/decision$/, async (route) => {
      if (route.request().method() !== "POST") return route.fallback();
      // As if the arguments had been others when they were shown.
      const body = route.request().postDataJSON();
      await route.continue({ postData: JSON.stringify({ ...body, digest: body.digest.replace(/./g, "0") }) });
    });
    await portal.button("approvals:approve").click();
    await page.getByText(portal.text("approvals:refused.changed"), { exact: true }).waitFor();
    assert.equal(await portal.lastTurn.getAttribute("data-phase"), "waiting_approval");
  });

  its.test("an answer is announced once, not word by word", async (scene) => {
    const { page } = await scene.signedIn("alice");
    const portal = new Portal(page);
    await portal.chooseModel(MODEL_NAME);
    model.script = () => ({ text: longAnswer(200, 2), perSecond: 100 });
    await portal.ask("Tell me something");
    assert.equal(await portal.answered(), "done");
    await page.evaluate(() => {
      /** @type {string[]} */
      const spoken = [];
      new MutationObserver((changes) => {
        for (const { target } of changes) {
          const element = target instanceof Element ? target : target.parentElement;
          const region = element?.closest("[aria-live=polite], [aria-live=assertive], [role=status], [role=alert]");
          const text = region?.textContent?.trim();
          if (region?.closest("[aria-live=off]") == null && text) spoken.push(text);
        }
      }).observe(document.body, { childList: true, characterData: true, subtree: true });
      // @ts-expect-error read below
      window.__spoken = spoken;
    });
    await portal.ask("Tell me more");
    assert.equal(await portal.answered(), "done");
    const spoken = await until("something is said", async () => {
      // @ts-expect-error written above
      const said = /** @type {string[]} */ (await page.evaluate(() => window.__spoken));
      return said.length > 0 && said;
    });
    assert.deepEqual(spoken, [portal.text("chat:announce.done")]);

    // Over before a frame shows it running.
    // @ts-expect-error written above
    await page.evaluate(() => void (window.__spoken.length = 0));
    model.script = () => ({ text: "Yes." });
    await portal.ask("Is that all?");
    assert.equal(await portal.answered(), "done");
    await until("a quick answer is announced too", async () => {
      // @ts-expect-error written above
      const said = /** @type {string[]} */ (await page.evaluate(() => window.__spoken));
      return said.includes(portal.text("chat:announce.done"));
    });
    await portal.chooseModel(OFFLINE_PLANNER);
  });

  its.test("on a phone the sidebar is a drawer, and gives the focus back", async (scene) => {
    const { conversation } = await asked(scene.stack, "alice", "show the storage accounts");
    const { page } = await scene.signedIn("alice", { phone: true, at: `/c/${conversation}` });
    const portal = new Portal(page);
    assert.equal(await portal.search.count(), 0);
    const open = portal.button("nav.open_menu");
    await open.tap();
    await page.getByRole("dialog").waitFor();
    await portal.search.waitFor();
    assert.equal(await hasFocus(portal.search), false, "the phone's keyboard stays away");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await until("the focus is back", () => hasFocus(open));
    await open.tap();
    await page.getByRole("dialog").getByRole("link", { name: portal.text("nav.settings") }).tap();
    await page.waitForURL("**/settings");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  });

  its.test("language and theme follow the person, at once and after a reload", async (scene) => {
    const { page } = await scene.signedIn("dave", { at: "/settings" });
    const english = new Portal(page, "en");
    const korean = new Portal(page, "ko");
    await page.getByRole("radio", { name: "한국어" }).click();
    await page.getByRole("heading", { level: 1, name: korean.text("settings:title"), exact: true }).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.lang), "ko");
    await page.getByRole("radio", { name: korean.text("theme.dark") }).click();
    await page.waitForFunction(() => document.documentElement.dataset["theme"] === "dark");
    await until("the server knows", async () => {
      const settings = await get(scene.stack, "dave", "/v1/settings");
      return settings.language?.startsWith("ko") && settings.theme === "dark";
    });
    await page.reload();
    await page.getByRole("heading", { level: 1, name: korean.text("settings:title"), exact: true }).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.dataset["theme"]), "dark");

    const elsewhere = await scene.signedIn("dave", { at: "/settings", language: "en", theme: "light" });
    await elsewhere.page.getByRole("heading", { level: 1, name: korean.text("settings:title"), exact: true }).waitFor();
    await elsewhere.page.waitForFunction(() => document.documentElement.dataset["theme"] === "dark");
    await page.getByRole("radio", { name: "English" }).click();
    await page.getByRole("heading", { level: 1, name: english.text("settings:title"), exact: true }).waitFor();
  });

  its.test("nothing moves when the language changes", async (scene) => {
    const { page } = await scene.signedIn("dave");
    /** @type {import("./harness/texts.mjs").Language} */
    let language = "en";
    // An even number of them: at the end it is English again.
    for (const path of ["/c", "/approvals", "/tools", "/audit", "/usage", "/settings", "/admin/users", "/admin/quotas"]) {
      const other = language === "en" ? "ko" : "en";
      await page.goto(scene.stack.portal + path);
      await page.locator("h1").first().waitFor();
      await settled(page);
      const before = await placed(page);
      await page.evaluate(() => {
        const moved = { sum: 0 };
        Object.assign(window, { moved });
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) moved.sum += /** @type {any} */ (entry).value;
        }).observe({ type: "layout-shift" });
      });
      await new Portal(page, language).openCommands();
      await page.keyboard.type(other === "ko" ? "한국어" : "English");
      await page.keyboard.press("Enter");
      await page.waitForFunction((wanted) => document.documentElement.lang === wanted, other);
      await page.getByRole("link", { name: text(other, "nav.usage"), exact: true }).waitFor();
      await settled(page);
      assert.deepEqual(await placed(page), before, `${path} from ${language} to ${other}`);
      const moved = await page.evaluate(() => /** @type {any} */ (window).moved.sum);
      scene.say(`${path} from ${language} to ${other}: layout shift ${moved.toFixed(4)}`);
      assert.ok(moved <= 0.05, `${path} moved by ${moved}`);
      // A page that is left at once would take its own change back.
      await until("the server knows", async () => (await get(scene.stack, "dave", "/v1/settings")).language?.startsWith(other));
      language = other;
    }
  });

  its.test("signing out ends it in this tab", async (scene) => {
    const { page } = await scene.signedIn("alice");
    const portal = new Portal(page);
    await page.getByRole("button", { name: portal.pattern("sidebar:user.menu") }).click();
    await page.getByRole("menuitem", { name: portal.text("sign_out"), exact: true }).click();
    await until("nobody is signed in", async () => (await page.evaluate(() => Object.keys(sessionStorage)).catch(() => ["oidc.user:"])).every((key) => !key.startsWith("oidc.user:")));
    await page.goto(`${scene.stack.portal}/c`);
    await portal.button("login:sign_in").waitFor();
  });

  its.test("a new version is told, and loaded when the person says so", async (scene) => {
    const { page } = await scene.signedIn("alice", { at: "/settings" });
    const portal = new Portal(page);
    const reload = portal.button("update.reload");
    await until("a part of the old version is missing", async () => {
      if ((await reload.count()) > 0) return true;
      await page.evaluate(() => void window.dispatchEvent(new Event("vite:preloadError", { cancelable: true })));
      return false;
    });
    await page.getByText(portal.text("update.available"), { exact: true }).waitFor();
    await page.evaluate(() => {
      // @ts-expect-error gone with the page
      window.__old = true;
    });
    await reload.click();
    await page.waitForFunction(() => !("__old" in window));
    await page.getByRole("heading", { level: 1, name: portal.text("settings:title"), exact: true }).waitFor();
  });
});
