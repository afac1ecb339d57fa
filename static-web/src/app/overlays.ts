import { create } from "zustand";

export type Overlay = "palette" | "shortcuts";

interface OverlayState {
  /** At most one is open. */
  open: Overlay | null;
  show(overlay: Overlay | null): void;
}

export const useOverlays = create<OverlayState>((set) => ({
  open: null,
  show: (open) => set({ open }),
}));
