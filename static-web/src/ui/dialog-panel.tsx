import { Dialog as Radix } from "radix-ui";
import { X } from "lucide-react";
import type { ReactNode } from "react";

import { useTranslation } from "@/i18n/use-translation";

import { IconButton } from "./button";
import { useReturnFocus } from "./return-focus";

export interface DialogProps {
  open: boolean;
  onOpenChange(open: boolean): void;
  title: string;
  description?: string;
  /** Without it only what is inside ends the dialog. */
  closable?: boolean;
  children: ReactNode;
}

/** Modal; focus goes in and comes back, Escape closes. */
export function DialogPanel({ open, onOpenChange, title, description, closable = true, children }: DialogProps) {
  const { t } = useTranslation();
  const focus = useReturnFocus();
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 animate-fade-in bg-black/45" />
        <Radix.Content
          {...focus}
          className="fixed top-1/2 left-1/2 z-50 max-h-[85dvh] w-[min(32rem,calc(100vw-2rem))] -translate-1/2 animate-fade-in overflow-y-auto rounded-card border border-line bg-raised p-5 shadow-overlay"
          {...(description === undefined ? { "aria-describedby": undefined } : {})}
        >
          <div className="mb-3 flex items-start justify-between gap-3">
            <Radix.Title className="text-lg font-semibold">{title}</Radix.Title>
            {closable && (
              <Radix.Close asChild>
                <IconButton label={t("close")} className="-mt-1 -mr-1">
                  <X size={18} aria-hidden />
                </IconButton>
              </Radix.Close>
            )}
          </div>
          {description !== undefined && (
            <Radix.Description className="mb-4 text-sm text-ink-soft">{description}</Radix.Description>
          )}
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
