import { describe, expect, it } from "vitest";

import { Reading } from "./reading";

const LINES = ['{"kind":"profile","name":"김"}', '{"kind":"conversation","text":"{\\"kind\\":\\"end\\"}"}', '{"kind":"console","a":1}', '{"kind":"end","conversations":2}'];
const WHOLE = new TextEncoder().encode(`${LINES.join("\n")}\n`);

function read(bytes: Uint8Array, size: number) {
  const reading = new Reading();
  let progress = { bytes: 0, conversations: 0 };
  for (let at = 0; at < bytes.length; at += size) progress = reading.take(new Uint8Array(bytes.slice(at, at + size)));
  return { progress, blob: reading.end() };
}

describe("an export that arrives", () => {
  it.each([1, 2, 7, 1_000])("is counted and whole in parts of %d bytes", async (size) => {
    const { progress, blob } = read(WHOLE, size);
    expect(progress).toEqual({ bytes: WHOLE.length, conversations: 2 });
    expect(await blob?.text()).toBe(`${LINES.join("\n")}\n`);
  });

  it("is never whole when it was cut, wherever that is", () => {
    for (let end = 0; end < WHOLE.length; end += 1) expect(read(WHOLE.slice(0, end), 16).blob, `after ${end} bytes`).toBeNull();
  });
});
