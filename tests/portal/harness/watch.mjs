/**
 * What must never happen, on any page of any test: a violation of the content security policy,
 * an error that nobody caught, a request to somewhere else.
 */

/** @typedef {import("playwright-core").BrowserContext} BrowserContext */

/** Chromium's own word on an answer that is an error: tests provoke those. */
const EXPECTED = /^Failed to load resource|net::ERR_/;
const POLICY = /content security policy|refused to (load|execute|apply|connect|frame|run)/i;

/**
 * @typedef {object} Watched
 * @property {string[]} policy violations of the content security policy
 * @property {string[]} errors uncaught errors and `console.error`
 * @property {string[]} foreign requests to other origins
 * @property {string[]} urls every address that was asked
 * @property {string[]} console every line
 * @property {() => void} expectClean throws when something of that happened
 */

/**
 * @param {BrowserContext} context
 * @param {readonly string[]} origins
 * @returns {Promise<Watched>}
 */
export async function watch(context, origins) {
  /** @type {Watched} */
  const watched = {
    policy: [],
    errors: [],
    foreign: [],
    urls: [],
    console: [],
    expectClean() {
      const bad = [
        ...watched.policy.map((what) => `policy violation: ${what}`),
        ...watched.errors.map((what) => `error: ${what}`),
        ...watched.foreign.map((what) => `request to another origin: ${what}`),
      ];
      if (bad.length > 0) throw new Error(`the page was not clean:\n${bad.join("\n")}`);
    },
  };
  await context.exposeBinding("__policyViolation", (_, what) => watched.policy.push(String(what)));
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      // @ts-expect-error the binding above
      window.__policyViolation(`${event.effectiveDirective} blocked ${event.blockedURI} at ${document.location.pathname}`);
    });
  });
  context.on("console", (message) => {
    const line = message.text();
    watched.console.push(`${message.type()}: ${line}`);
    if (POLICY.test(line)) watched.policy.push(line);
    else if (message.type() === "error" && !EXPECTED.test(line)) watched.errors.push(line);
  });
  context.on("weberror", (error) => watched.errors.push(error.error().stack ?? String(error.error())));
  context.on("request", (request) => {
    const url = new URL(request.url());
    watched.urls.push(request.url());
    if (url.protocol.startsWith("http") && !origins.includes(url.origin)) watched.foreign.push(request.url());
  });
  return watched;
}
