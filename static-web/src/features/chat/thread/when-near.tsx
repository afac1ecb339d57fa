import { useEffect, useRef, useState, type ReactNode } from "react";

/** So far beyond the edges of the screen the content is there already. */
const AHEAD = "500px";

/** A row that was never seen is taken for this high, pixels. */
const GUESS = 260;

/**
 * Renders its content only while it is near the screen, and holds its place with the height that
 * it had otherwise. A long conversation costs what is seen of it.
 */
export function WhenNear({ always, children }: { always: boolean; children: ReactNode }) {
  const frame = useRef<HTMLDivElement>(null);
  const [near, setNear] = useState(false);
  const [height, setHeight] = useState(GUESS);
  const shown = always || near;

  useEffect(() => {
    const element = frame.current;
    if (element === null || always) return;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry === undefined) return;
        // The focus must not vanish together with what has it.
        if (!entry.isIntersecting && element.contains(document.activeElement)) return;
        if (!entry.isIntersecting && entry.boundingClientRect.height > 0) setHeight(entry.boundingClientRect.height);
        setNear(entry.isIntersecting);
      },
      { root: element.closest(".overflow-y-auto"), rootMargin: `${AHEAD} 0px` },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [always]);

  return (
    <div ref={frame} style={shown ? undefined : { height }}>
      {shown ? children : null}
    </div>
  );
}
