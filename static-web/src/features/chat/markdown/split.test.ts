import { describe, expect, it } from "vitest";

import { splitBlocks, type Block } from "./split";

const markdown = (text: string): Block => ({ kind: "markdown", text });

describe("splitBlocks", () => {
  it("cuts at blank lines", () => {
    expect(splitBlocks("one\ntwo\n\n\nthree\n")).toEqual([markdown("one\ntwo"), markdown("three")]);
    expect(splitBlocks("")).toEqual([]);
    expect(splitBlocks("\n \n")).toEqual([]);
  });

  it("keeps a fence whole, whatever is in it", () => {
    expect(splitBlocks("before\n```sh title\na\n\n# b\n~~~\n```\nafter")).toEqual([
      markdown("before"),
      { kind: "code", language: "sh", text: "a\n\n# b\n~~~", closed: true },
      markdown("after"),
    ]);
    expect(splitBlocks("~~~~\n~~~\n~~~~~")).toEqual([{ kind: "code", language: "", text: "~~~", closed: true }]);
    expect(splitBlocks("  ```\n  a\n    b\n  ```")).toEqual([{ kind: "code", language: "", text: "a\n  b", closed: true }]);
  });

  it("shows a fence that is still open", () => {
    expect(splitBlocks("```js\nlet a")).toEqual([{ kind: "code", language: "js", text: "let a", closed: false }]);
    expect(splitBlocks("```")).toEqual([{ kind: "code", language: "", text: "", closed: false }]);
  });

  it("does not take inline code for a fence", () => {
    expect(splitBlocks("``` a ``` b\n\nc")).toEqual([markdown("``` a ``` b"), markdown("c")]);
  });

  it("keeps a loose list together, with paragraphs and code in its items", () => {
    const list = "- one\n\n  more\n\n  ```\n  x\n\n  y\n  ```\n\n- two";
    expect(splitBlocks(`${list}\n\nafter`)).toEqual([markdown(list), markdown("after")]);
    expect(splitBlocks("1. a\n\n2. b\n\n3. c")).toEqual([markdown("1. a\n\n2. b\n\n3. c")]);
  });

  it("keeps tables whole", () => {
    const table = "| a | b |\n| - | - |\n| 1 | 2 |";
    expect(splitBlocks(`t:\n\n${table}\n\nend`)).toEqual([markdown("t:"), markdown(table), markdown("end")]);
  });

  it("never changes a block that is followed by another one while text arrives", () => {
    const text = "# T\n\nfirst\nline\n\n- a\n\n  b\n- c\n\n```py\nx = 1\n\ny\n```\n\n| a |\n| - |\n| 1 |\n\n> q\n\nlast **bold**";
    let before: Block[] = [];
    for (let end = 1; end <= text.length; end += 1) {
      const now = splitBlocks(text.slice(0, end));
      expect(now.length).toBeGreaterThanOrEqual(before.length);
      expect(now.slice(0, Math.max(0, before.length - 1))).toEqual(before.slice(0, -1));
      before = now;
    }
  });

  it("is fast enough to run for every frame", () => {
    const text = "A line of an answer with some words.\n\n".repeat(5_000);
    const start = performance.now();
    splitBlocks(text);
    expect(performance.now() - start).toBeLessThan(200);
  });
});
