import { useRef } from "react";

/**
 * Gives the focus back to where it was when a dialog came up. Radix knows only dialogs that have
 * a trigger of their own; ours are opened from menus, shortcuts and state.
 */
export function useReturnFocus() {
  const before = useRef<HTMLElement | null>(null);
  return {
    onOpenAutoFocus(event: Event) {
      const active = document.activeElement;
      const dialog = event.currentTarget ?? event.target;
      if (active instanceof HTMLElement && !(dialog instanceof Node && dialog.contains(active))) before.current = active;
    },
    onCloseAutoFocus(event: Event) {
      event.preventDefault();
      const active = document.activeElement;
      // Whatever ended the dialog may have put the focus somewhere on purpose.
      if (active === null || active === document.body) before.current?.focus();
    },
  };
}
