import { expect, it } from "vitest";

import { signInProblem } from "./sign-in-problem";

it("takes the issuer's words apart", () => {
  const error = Object.assign(new Error("x"), {
    error: "invalid_grant",
    error_description:
      "AADSTS70008: The code has expired. Trace ID: 11111111-aaaa Correlation ID: 22222222-bbbb Timestamp: 2026-11-24 09:00:00Z",
  });
  expect(signInProblem(error)).toEqual({ reason: "expired", detail: "AADSTS70008: The code has expired.", requestId: "11111111-aaaa" });
});

it("tells reasons from each other", () => {
  const reason = (error: unknown) => signInProblem(error).reason;
  expect(reason({ error: "access_denied" })).toBe("access_denied");
  expect(reason(new Error("No matching state found in storage"))).toBe("expired");
  expect(reason(new Error("No state in response"))).toBe("expired");
  expect(reason(new TypeError("Failed to fetch"))).toBe("unavailable");
  expect(reason({ error: "login_required" })).toBe("interaction_required");
  expect(reason(new Error("something else"))).toBe("unknown");
  expect(reason(null)).toBe("unknown");
});
