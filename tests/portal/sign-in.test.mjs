import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe } from "node:test";

import { REPOSITORY } from "./harness/stack.mjs";
import { stage } from "./harness/stage.mjs";
import { text } from "./harness/texts.mjs";

describe("signing in", () => {
  const its = stage();

  its.test("leads back to the page that was asked for", async (scene) => {
    const { page } = await scene.signedIn("alice", { at: "/settings" });
    assert.equal(new URL(page.url()).pathname, "/settings");
  });

  its.test("keeps the token out of localStorage and of every address", async (scene) => {
    const { page, watched } = await scene.signedIn("alice");
    await page.reload();
    await page.getByRole("main").waitFor();
    const kept = await page.evaluate(() => ({ local: { ...localStorage }, session: { ...sessionStorage } }));
    const user = Object.entries(kept.session).find(([key]) => key.startsWith("oidc.user:"));
    assert.ok(user, "the session of this tab is in sessionStorage");
    const { access_token: token, refresh_token: refresh, id_token: id } = JSON.parse(user[1]);
    const secrets = [token, refresh, id].filter(Boolean);
    assert.ok(token.length > 100);
    for (const secret of secrets) {
      assert.ok(!JSON.stringify(kept.local).includes(secret), "a token is in localStorage");
      for (const url of watched.urls) assert.ok(!url.includes(secret), `a token is in ${url.slice(0, 80)}…`);
      for (const line of watched.console) assert.ok(!line.includes(secret), "a token is in the console");
    }
    assert.ok(!/token|oidc/i.test(Object.keys(kept.local).join(" ")), `localStorage has ${Object.keys(kept.local)}`);
  });

  its.test("never leads to an address outside", async (scene) => {
    const { page } = await scene.tab();
    for (const away of ["https://evil.example/", "//evil.example/", "/\\evil.example"]) {
      await page.goto(`${scene.stack.portal}/login?return_to=${encodeURIComponent(away)}`);
      await page.getByRole("button", { name: text("en", "login:sign_in"), exact: true }).click();
      await page.locator("button[value=alice]").click();
      await page.waitForURL((url) => !["/callback", "/login"].includes(url.pathname) && url.origin !== scene.stack.sandbox);
      assert.equal(new URL(page.url()).origin, scene.stack.portal);
      await page.evaluate(() => sessionStorage.clear());
    }
  });

  its.test("that was refused says so and offers another try", async (scene) => {
    const { page } = await scene.tab();
    await page.goto(`${scene.stack.portal}/callback?error=access_denied&error_description=no&state=unknown`);
    await page.getByRole("heading", { name: text("en", "login:failed") }).waitFor();
    await page.getByRole("alert").waitFor();
    await page.getByRole("button", { name: text("en", "login:try_again") }).click();
    await page.waitForURL("**/login");
  });

  its.test("is asked for on every page that needs it", async (scene) => {
    const { page } = await scene.tab();
    for (const path of ["/", "/c", "/c/whatever", "/approvals", "/settings"]) {
      await page.goto(scene.stack.portal + path);
      await page.getByRole("button", { name: text("en", "login:sign_in"), exact: true }).waitFor();
      const url = new URL(page.url());
      assert.equal(url.pathname, "/login");
    }
  });

  its.test("happens under the headers of staticwebapp.config.json", async (scene) => {
    const file = join(REPOSITORY, "static-web/public/staticwebapp.config.json");
    const site = JSON.parse(await readFile(file, "utf8"));
    const { api, portal, sandbox } = scene.stack;
    for (const path of ["/", "/login", "/c/some-conversation"]) {
      const response = await fetch(portal + path);
      assert.equal(response.status, 200, path);
      for (const [name, value] of Object.entries(site.globalHeaders)) {
        const expected = String(value).replace("%API_ORIGIN%", api).replace("%AUTHORITY_ORIGIN%", sandbox);
        assert.equal(response.headers.get(name), expected, `${name} of ${path}`);
      }
    }
    const policy = String(site.globalHeaders["Content-Security-Policy"]);
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /script-src 'self'(;|$)/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.match(policy, /object-src 'none'/);
    assert.ok(!/unsafe-eval|script-src[^;]*unsafe-inline|\*/.test(policy), policy);
  });
});
