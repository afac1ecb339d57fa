import { create } from "zustand";

/** Whether somebody began a new conversation by a key or a command, and so goes on by writing. */
export const useBegun = create<{ begun: boolean }>(() => ({ begun: false }));

/** @param open leads to the page of a new conversation. */
export function begin(open: () => Promise<void>): void {
  useBegun.setState({ begun: true });
  void open();
}
