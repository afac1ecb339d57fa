import { X } from "lucide-react";
import { useEffect, useRef, useState } from "react";

import { useTranslation } from "@/i18n/use-translation";

import { Button, IconButton } from "./button";
import { dismiss, useToasts, type Toast } from "./toast";

/** Where the words of `toast` show. */
export function Toaster() {
  const items = useToasts((state) => state.items);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // As in other applications: F8 goes to the newest word, so that a keyboard reaches "Undo" in time.
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== "F8") return;
      const newest = list.current?.lastElementChild?.querySelector("button");
      if (newest == null) return;
      event.preventDefault();
      newest.focus();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);
  return (
    <div
      ref={list}
      role="status"
      className="pointer-events-none fixed inset-x-0 top-16 z-50 flex flex-col items-center gap-2 px-4 md:right-4 md:left-auto md:items-end md:px-0"
    >
      {items.map((item) => (
        <ToastCard key={item.id} item={item} />
      ))}
    </div>
  );
}

function ToastCard({ item }: { item: Toast }) {
  const { t } = useTranslation();
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held || item.forMs === Infinity) return;
    const timer = setTimeout(() => dismiss(item.id), item.forMs);
    return () => clearTimeout(timer);
  }, [item, held]);
  return (
    <div
      // Whoever reads or reaches for it has all the time they need.
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
      className="pointer-events-auto flex max-w-full md:max-w-md animate-rise-in items-center gap-3 rounded-control border border-line bg-raised py-1.5 pr-1.5 pl-4 text-sm shadow-overlay"
    >
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
