import { useEffect, useRef } from "react";
import { create } from "zustand";

import { isShortcut, type ShortcutId } from "./shortcuts";

const KEY = "azimuth.shortcuts";

export const IS_MAC = /mac|iphone|ipad/i.test(navigator.platform);

/** What is stored when none of them works; otherwise those that do not, with commas between. */
const ALL = "off";

interface ShortcutState {
  enabled: boolean;
  /** Those that are switched off by themselves. */
  off: readonly string[];
  setEnabled(enabled: boolean): void;
  setOne(id: ShortcutId, on: boolean): void;
}

const stored = localStorage.getItem(KEY) ?? "";

/** Single keys disturb speech input and some screen readers: each can be switched off, and all (WCAG 2.1.4). */
export const useShortcutSwitch = create<ShortcutState>((set, get) => ({
  enabled: stored !== ALL,
  off: stored === ALL ? [] : stored.split(",").filter((id) => id !== ""),
  setEnabled(enabled) {
    localStorage.setItem(KEY, enabled ? get().off.join(",") : ALL);
    set({ enabled });
  },
  setOne(id, on) {
    const off = on ? get().off.filter((one) => one !== id) : [...get().off, id];
    localStorage.setItem(KEY, off.join(","));
    set({ off });
  },
}));

/** Whether a shortcut works; for handlers that are bound elsewhere too, such as those of the composer. */
export function isShortcutOn(id: ShortcutId): boolean {
  const { enabled, off } = useShortcutSwitch.getState();
  return enabled && !off.includes(id);
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
 * nothing happens behind a modal dialog, while composing, or when the shortcut is switched off.
 */
export function useShortcut(id: ShortcutId, handler: () => void): void {
  const latest = useRef(handler);
  latest.current = handler;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.repeat || !isShortcut(event, id, IS_MAC) || !isShortcutOn(id)) return;
      if (!event.ctrlKey && !event.metaKey && isTextField(event.target)) return;
      if (isModalOpen()) return;
      event.preventDefault();
      latest.current();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [id]);
}
