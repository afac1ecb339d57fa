import { X } from "lucide-react";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { create } from "zustand";

import { Button, IconButton } from "./button";

export interface Toast {
  id: number;
  text: string;
  action?: { label: string; run(): void } | undefined;
  /** How long it stays. */
  forMs: number;
}

const useToasts = create<{ items: Toast[] }>(() => ({ items: [] }));
let last = 0;

/** A word at the edge of the screen; with an action such as "Undo" it stays 10 s. */
export function toast(text: string, action?: Toast["action"]): void {
  last += 1;
  const item: Toast = { id: last, text, action, forMs: action === undefined ? 5_000 : 10_000 };
  useToasts.setState(({ items }) => ({ items: [...items.slice(-2), item] }));
}

function dismiss(id: number): void {
  useToasts.setState(({ items }) => ({ items: items.filter((item) => item.id !== id) }));
}

export function Toaster() {
  const items = useToasts((state) => state.items);
  return (
    <div role="status" className="pointer-events-none fixed inset-x-0 bottom-4 z-50 flex flex-col items-center gap-2 px-4">
      {items.map((item) => (
        <ToastCard key={item.id} item={item} />
      ))}
    </div>
  );
}

function ToastCard({ item }: { item: Toast }) {
  const { t } = useTranslation();
  useEffect(() => {
    const timer = setTimeout(() => dismiss(item.id), item.forMs);
    return () => clearTimeout(timer);
  }, [item]);
  return (
    <div className="pointer-events-auto flex max-w-full animate-rise-in items-center gap-3 rounded-control border border-line bg-raised py-1.5 pr-1.5 pl-4 text-sm shadow-overlay">
      <span className="min-w-0 break-words">{item.text}</span>
      {item.action !== undefined && (
        <Button
          size="small"
          tone="quiet"
          className="text-lead"
          onClick={() => {
            item.action?.run();
            dismiss(item.id);
          }}
        >
          {item.action.label}
        </Button>
      )}
      <IconButton label={t("close")} onClick={() => dismiss(item.id)}>
        <X size={16} aria-hidden />
      </IconButton>
    </div>
  );
}
