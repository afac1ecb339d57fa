import { useEffect, useState } from "react";

/** Typing settles before the API is asked. */
const SETTLED_MS = 250;

/** `value`, once it has not changed for a moment. */
export function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
