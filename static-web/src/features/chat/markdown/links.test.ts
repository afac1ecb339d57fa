import { describe, expect, it } from "vitest";

import { safeLink } from "./links";

describe("safeLink", () => {
  it.each(["https://example.com/a?b#c", "http://127.0.0.1:4280/", "mailto:a@example.com"])("lets %s through", (address) => {
    expect(safeLink(address)).toBe(address);
  });

  it.each([
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:https://example.com/x",
    "//example.com/x",
    "/settings",
    "#a",
    "",
    undefined,
    null,
  ])("stops %s", (address) => {
    expect(safeLink(address)).toBeNull();
  });
});
