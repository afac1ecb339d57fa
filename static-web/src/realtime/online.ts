/**
 * Whether the API can be reached. A browser calls a machine without a network offline although
 * the API may run on that very machine, so its word is checked before it is believed.
 */
import { onlineManager } from "@tanstack/react-query";
import { create } from "zustand";

import { apiUrl } from "@/api/client";

/** Longer than this nobody waits to learn that the network is gone. */
const PROBE_MS = 1_500;

/**
 * While the browser says offline, the API is looked for this often: a request that was on its
 * way when the network went may still have been answered.
 */
const AGAIN_MS = 1_000;

const useReachable = create<{ online: boolean }>(() => ({ online: true }));

let timer: ReturnType<typeof setTimeout> | undefined;

async function check(): Promise<void> {
  clearTimeout(timer);
  if (navigator.onLine) {
    useReachable.setState({ online: true });
    return;
  }
  const online = await isApiThere();
  if (!navigator.onLine) timer = setTimeout(() => void check(), AGAIN_MS);
  useReachable.setState({ online: online || navigator.onLine });
}

async function isApiThere(): Promise<boolean> {
  try {
    // Any answer will do, also one that we may not read.
    await fetch(apiUrl("/health/live"), { mode: "no-cors", cache: "no-store", signal: AbortSignal.timeout(PROBE_MS) });
    return true;
  } catch {
    return false;
  }
}

export function startOnline(): void {
  // Queries wait for the network by the same word.
  onlineManager.setEventListener((changed) => useReachable.subscribe(({ online }) => changed(online)));
  window.addEventListener("online", () => void check());
  window.addEventListener("offline", () => void check());
  if (!navigator.onLine) void check();
}

export function useOnline(): boolean {
  return useReachable((state) => state.online);
}
