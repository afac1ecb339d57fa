/** Every keyboard shortcut of the portal in one list; the settings page and `?` show it. */

export type ShortcutId = "palette" | "new_chat" | "sidebar" | "list" | "focus_composer" | "edit_last" | "stop" | "rename";

export interface Shortcut {
  id: ShortcutId;
  /** As `KeyboardEvent.key`, in lower case. */
  key: string;
  /** With Ctrl, or Command on a Mac. */
  mod?: boolean;
  shift?: boolean;
}

export const SHORTCUTS: readonly Shortcut[] = [
  { id: "palette", key: "k", mod: true },
  { id: "new_chat", key: "o", mod: true, shift: true },
  { id: "sidebar", key: "b", mod: true },
  { id: "focus_composer", key: "/" },
  { id: "edit_last", key: "arrowup" },
  { id: "stop", key: "escape" },
  { id: "rename", key: "f2" },
  { id: "list", key: "?" },
];

const BY_ID = new Map(SHORTCUTS.map((shortcut) => [shortcut.id, shortcut]));

export type KeyPress = Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey" | "isComposing">;

/** Whether a key press is the shortcut; one that composes a syllable never is. */
export function isShortcut(event: KeyPress, id: ShortcutId, mac: boolean): boolean {
  const shortcut = BY_ID.get(id);
  if (shortcut === undefined || event.isComposing || event.altKey) return false;
  const mod = mac ? event.metaKey : event.ctrlKey;
  const other = mac ? event.ctrlKey : event.metaKey;
  if (mod !== (shortcut.mod === true) || other) return false;
  // A character such as `?` has its Shift in itself.
  if (shortcut.mod === true && event.shiftKey !== (shortcut.shift === true)) return false;
  return latinKey(event) === shortcut.key;
}

/** With a Korean layout `key` is a jamo; the place of the key says which letter is meant. */
function latinKey({ key, code }: KeyPress): string {
  if (key.length === 1 && key > "~" && code.startsWith("Key")) return code.slice(3).toLowerCase();
  return key.toLowerCase();
}

/** What to print on the keys, from left to right. */
export function keyNames(id: ShortcutId, mac: boolean): string[] {
  const shortcut = BY_ID.get(id);
  if (shortcut === undefined) return [];
  const names: string[] = [];
  if (shortcut.mod === true) names.push(mac ? "⌘" : "Ctrl");
  if (shortcut.shift === true) names.push(mac ? "⇧" : "Shift");
  names.push(PRINTED[shortcut.key] ?? shortcut.key.toUpperCase());
  return names;
}

const PRINTED: Record<string, string> = { arrowup: "↑", escape: "Esc" };
