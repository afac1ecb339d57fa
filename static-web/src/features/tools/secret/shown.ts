/** When secrets were shown in this tab: the moments, never what was shown. */
import { create } from "zustand";

const key = (callId: string) => `azimuth.secret_shown.${callId}`;

const useMoments = create<{ byCall: Record<string, string> }>(() => ({ byCall: {} }));

/** `null`: not in this tab. */
export function useShownAt(callId: string): string | null {
  return useMoments((state) => state.byCall[callId]) ?? sessionStorage.getItem(key(callId));
}

export function markShown(callId: string, at: string): void {
  sessionStorage.setItem(key(callId), at);
  useMoments.setState(({ byCall }) => ({ byCall: { ...byCall, [callId]: at } }));
}
