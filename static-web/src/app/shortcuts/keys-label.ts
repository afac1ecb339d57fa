import { keyNames, type ShortcutId } from "./shortcuts";
import { IS_MAC } from "./use-shortcut";

/** Such as `Ctrl+Shift+O`, or `⌘⇧O` on a Mac. */
export function keysLabel(id: ShortcutId): string {
  return keyNames(id, IS_MAC).join(IS_MAC ? "" : "+");
}
