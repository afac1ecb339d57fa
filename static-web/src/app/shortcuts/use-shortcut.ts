import { useEffect, useRef } from "react";
import { create } from "zustand";

import { isShortcut, type ShortcutId } from "./shortcuts";

const KEY = "azimuth.shortcuts";

export const IS_MAC = /mac|iphone|ipad/i.test(navigator.platform);

interface ShortcutState {
  enabled: boolean;
  setEnabled(enabled: boolean): void;
}

/** Single keys disturb speech input and some screen readers: all can be switched off (WCAG 2.1.4). */
export const useShortcutSwitch = create<ShortcutState>((set) => ({
  enabled: localStorage.getItem(KEY) !== "off",
  setEnabled(enabled) {
    if (enabled) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, "off");
    set({ enabled });
  },
}));

/** For handlers that are bound elsewhere, such as those of the composer. */
export function shortcutsEnabled(): boolean {
  return useShortcutSwitch.getState().enabled;
}

/** Whether typing goes into this element. */
export function isTextField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !["button", "checkbox", "radio", "range", "submit"].includes(target.type);
}

/** Behind a modal dialog the page is not there. */
export function isModalOpen(): boolean {
  return document.querySelector('[role="dialog"], [role="alertdialog"]') !== null;
}

/**
 * Runs `handler` wherever the focus is. A single key waits until the person is not writing;
 * nothing happens behind a modal dialog, while composing, or when shortcuts are switched off.
 */
export function useShortcut(id: ShortcutId, handler: () => void): void {
  const latest = useRef(handler);
  latest.current = handler;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.repeat || !isShortcut(event, id, IS_MAC) || !shortcutsEnabled()) return;
      if (!event.ctrlKey && !event.metaKey && isTextField(event.target)) return;
      if (isModalOpen()) return;
      event.preventDefault();
      latest.current();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [id]);
}
