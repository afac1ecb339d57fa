import { useEffect, useState } from "react";

/** A moment of the present day; it changes at midnight, and when a sleeping machine wakes up. */
export function useToday(): Date {
  const [today, setToday] = useState(() => new Date());
  useEffect(() => {
    const look = () => setToday((before) => (sameDay(before, new Date()) ? before : new Date()));
    const timer = setInterval(look, 60_000);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, []);
  return today;
}

const sameDay = (a: Date, b: Date) => a.toDateString() === b.toDateString();
