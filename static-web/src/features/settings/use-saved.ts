import { useEffect, useRef, useState } from "react";

export type SaveState = "idle" | "saving" | "saved" | "failed";

const SHOWN_MS = 3_000;

/** Where a change stands, for the words beside its field. */
export function useSaved(): { state: SaveState; error: unknown; track(saving: Promise<unknown>): void } {
  const [state, setState] = useState<SaveState>("idle");
  const [error, setError] = useState<unknown>(null);
  const latest = useRef<Promise<unknown> | null>(null);

  useEffect(() => {
    if (state !== "saved") return;
    const timer = setTimeout(() => setState("idle"), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [state]);

  const track = (saving: Promise<unknown>) => {
    latest.current = saving;
    setState("saving");
    setError(null);
    saving.then(
      () => latest.current === saving && setState("saved"),
      (cause: unknown) => {
        if (latest.current !== saving) return;
        setState("failed");
        setError(cause);
      },
    );
  };
  return { state, error, track };
}
