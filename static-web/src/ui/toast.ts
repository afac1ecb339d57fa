import { create } from "zustand";

export interface Toast {
  id: number;
  text: string;
  action?: { label: string; run(): void } | undefined;
  /** How long it stays. */
  forMs: number;
}

export const useToasts = create<{ items: Toast[] }>(() => ({ items: [] }));
let last = 0;

/** A word at the edge of the screen; with an action such as "Undo" it stays 10 s, or until it is closed. */
export function toast(text: string, action?: Toast["action"], { stays = false }: { stays?: boolean } = {}): void {
  last += 1;
  const item: Toast = { id: last, text, action, forMs: stays ? Infinity : action === undefined ? 5_000 : 10_000 };
  useToasts.setState(({ items }) => ({ items: [...items.slice(-2), item] }));
}

export function dismiss(id: number): void {
  useToasts.setState(({ items }) => ({ items: items.filter((item) => item.id !== id) }));
}
