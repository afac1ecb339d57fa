import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { useRef, type ReactNode } from "react";

import { useTranslation } from "@/i18n/use-translation";

import { IconButton } from "./button";
import { useReturnFocus } from "./return-focus";

interface DrawerProps {
  open: boolean;
  onOpenChange(open: boolean): void;
  /** What a screen reader calls it. */
  title: string;
  children: ReactNode;
}

/** A modal panel at the start of a small screen. */
export function Drawer({ open, onOpenChange, title, children }: DrawerProps) {
  const { t } = useTranslation();
  const focus = useReturnFocus();
  const panel = useRef<HTMLDivElement>(null);
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 animate-fade-in bg-black/45" />
        <Radix.Content
          ref={panel}
          aria-describedby={undefined}
          onOpenAutoFocus={(event) => {
            focus.onOpenAutoFocus(event);
            // Not into the search field: that would bring up the keyboard of a phone.
            event.preventDefault();
            panel.current?.focus();
          }}
          onCloseAutoFocus={focus.onCloseAutoFocus}
          className="fixed inset-y-0 left-0 z-50 w-[min(20rem,calc(100vw-3.5rem))] animate-slide-in border-r border-line bg-ground shadow-overlay outline-none"
        >
          <Radix.Title className="sr-only">{title}</Radix.Title>
          {children}
          <Radix.Close asChild>
            <IconButton label={t("close")} className="absolute! top-2 right-2 pointer-coarse:top-1.5">
              <X size={18} aria-hidden />
            </IconButton>
          </Radix.Close>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
