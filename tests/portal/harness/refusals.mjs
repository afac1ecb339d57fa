/** Answers that the API gives when it refuses, given in its place. */

/** @typedef {import("playwright-core").Route} Route */

/**
 * @param {number} status
 * @param {string} code
 * @param {{ retryAfter?: number }} [more] seconds
 */
export function problem(status, code, { retryAfter } = {}) {
  return {
    status,
    headers: retryAfter === undefined ? {} : { "retry-after": String(retryAfter) },
    body: { type: "about:blank", title: `Refused with ${status}`, status, detail: "", code, request_id: "req-of-the-test" },
  };
}

/**
 * @param {Route} route
 * @param {{ status: number, headers?: Record<string, string>, body: unknown }} answer
 */
export function refuse(route, { status, headers = {}, body }) {
  return route.fulfill({
    status,
    headers: {
      "access-control-allow-origin": "*",
      "access-control-expose-headers": "retry-after, x-request-id",
      "content-type": "application/problem+json",
      ...headers,
    },
    body: JSON.stringify(body),
  });
}
