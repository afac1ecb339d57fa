import { describe, expect, it } from "vitest";

import { isShortcut, keyNames, SHORTCUTS, type KeyPress } from "./shortcuts";

const press = (key: string, extra: Partial<KeyPress> = {}): KeyPress => ({
  key,
  code: key.length === 1 ? `Key${key.toUpperCase()}` : key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  isComposing: false,
  ...extra,
});

describe("shortcuts", () => {
  it("need exactly their modifiers", () => {
    expect(isShortcut(press("k", { ctrlKey: true }), "palette", false)).toBe(true);
    expect(isShortcut(press("k"), "palette", false)).toBe(false);
    expect(isShortcut(press("K", { ctrlKey: true, shiftKey: true }), "palette", false)).toBe(false);
    expect(isShortcut(press("k", { ctrlKey: true, altKey: true }), "palette", false)).toBe(false);
    expect(isShortcut(press("O", { ctrlKey: true, shiftKey: true }), "new_chat", false)).toBe(true);
    expect(isShortcut(press("o", { ctrlKey: true }), "new_chat", false)).toBe(false);
  });

  it("take Command for Ctrl on a Mac", () => {
    expect(isShortcut(press("k", { metaKey: true }), "palette", true)).toBe(true);
    expect(isShortcut(press("k", { ctrlKey: true }), "palette", true)).toBe(false);
    expect(isShortcut(press("k", { metaKey: true }), "palette", false)).toBe(false);
    expect(keyNames("new_chat", true)).toEqual(["⌘", "⇧", "O"]);
    expect(keyNames("new_chat", false)).toEqual(["Ctrl", "Shift", "O"]);
  });

  it("work with a Korean layout, and not inside of a syllable", () => {
    expect(isShortcut(press("ㅏ", { code: "KeyK", ctrlKey: true }), "palette", false)).toBe(true);
    expect(isShortcut(press("k", { ctrlKey: true, isComposing: true }), "palette", false)).toBe(false);
  });

  it("find ? on any layout", () => {
    expect(isShortcut(press("?", { shiftKey: true, code: "Slash" }), "list", false)).toBe(true);
    expect(isShortcut(press("?", { code: "Minus" }), "list", false)).toBe(true);
  });

  it("are all different", () => {
    const printed = SHORTCUTS.map(({ id }) => keyNames(id, false).join("+"));
    expect(new Set(printed).size).toBe(printed.length);
  });
});
