import { useLocation } from "@tanstack/react-router";
import { useEffect, useState, type RefObject } from "react";

import { SECTIONS, type Section } from "./sections";

/** The section that is being read: the one asked for, then the one that lies at the top. */
export function useSectionInSight(scroller: RefObject<HTMLElement | null>): Section["id"] | undefined {
  const hash = useLocation({ select: (location) => location.hash });
  const asked = SECTIONS.find(({ id }) => id === hash)?.id;
  const [current, setCurrent] = useState(asked ?? SECTIONS[0]?.id);

  useEffect(() => {
    const box = scroller.current;
    if (box === null) return;
    const look = () => {
      const line = box.getBoundingClientRect().top + box.clientHeight / 3;
      const above = SECTIONS.filter(({ id }) => (document.getElementById(id)?.getBoundingClientRect().top ?? Infinity) <= line);
      const atEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 2 && box.scrollTop > 0;
      // At the end the last ones cannot come to the top.
      setCurrent(atEnd ? (asked ?? SECTIONS.at(-1)?.id) : (above.at(-1)?.id ?? SECTIONS[0]?.id));
    };
    box.addEventListener("scrollend", look);
    return () => box.removeEventListener("scrollend", look);
  }, [scroller, asked]);

  // What was asked for may be too near to the end to come to the top.
  useEffect(() => {
    if (asked !== undefined) setCurrent(asked);
  }, [asked]);

  return current;
}
