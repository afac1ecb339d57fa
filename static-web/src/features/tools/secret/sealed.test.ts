import { describe, expect, it } from "vitest";

import { holdsSealed, partsOf, withoutSealed } from "./sealed";
import { secretValue } from "./take";

describe("placeholders of secrets", () => {
  it.each([
    ["", [{ text: "" }]],
    ["nothing", [{ text: "nothing" }]],
    ["{secret:1}", [{ secret: 1 }]],
    ["set it to {secret:1}, not {secret:12}.", [{ text: "set it to " }, { secret: 1 }, { text: ", not " }, { secret: 12 }, { text: "." }]],
    ["{secret:{secret:2}", [{ text: "{secret:" }, { secret: 2 }]],
  ])("%j", (text, parts) => {
    expect(partsOf(text)).toEqual(parts);
  });

  it.each(["{secret:}", "{secret:x}", "{secret:1", "{Secret:1}", "{secret: 1}", "{secret:1234567890}", "{secret}"])("%s is none", (text) => {
    expect(holdsSealed(text)).toBe(false);
    expect(partsOf(text)).toEqual([{ text }]);
  });
});

it("a title says only that something is missing", () => {
  expect(withoutSealed("set {secret:1} and {secret:2}")).toBe("set ••• and •••");
});

describe("the value of a secret that a tool gave", () => {
  it.each([
    ["of a key vault", '{"status":200,"results":{"secret":{"name":"db","value":"p\\"w"}}}', 'p"w'],
    ["of no JSON", "p=w", null],
    ["of none", '{"results":{"name":"db"}}', null],
    ["of several", '{"secrets":[{"value":"a"},{"value":"b"}]}', null],
    ["of a number", '{"value":7}', null],
    ["of an array", '[{"value":"a"}]', "a"],
  ])("%s", (_, said, value) => {
    expect(secretValue(said)).toBe(value);
  });
});
