import { useEffect, useRef, useState, type ReactNode } from "react";

/** So far beyond the edges of the screen the content is there already. */
const AHEAD = "400px";

/** What was seen once takes the same room again, also when it was away together with what is around it. */
const heights = new Map<string, number>();

interface WhenNearProps {
  /** Under which its height is remembered. */
  id: string;
  /** There wherever it is. */
  always: boolean;
  /** There from the start, until it is known to be far away. */
  first: boolean;
  /** What was never seen is taken for this high, px. */
  guess: number;
  className?: string;
  children: ReactNode;
}

/**
 * Renders its content only while it is near the screen, and holds its place with the height that
 * it had otherwise. A long conversation costs what is seen of it.
 */
export function WhenNear({ id, always, first, guess, className, children }: WhenNearProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [near, setNear] = useState(first);
  const [height, setHeight] = useState(() => heights.get(id) ?? guess);
  const shown = always || near;

  useEffect(() => {
    const element = frame.current;
    if (element === null || always) return;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry === undefined) return;
        // The focus must not vanish together with what has it.
        if (!entry.isIntersecting && element.contains(document.activeElement)) return;
        if (!entry.isIntersecting && entry.boundingClientRect.height > 0) {
          heights.set(id, entry.boundingClientRect.height);
          setHeight(entry.boundingClientRect.height);
        }
        setNear(entry.isIntersecting);
      },
      { root: element.closest(".overflow-y-auto"), rootMargin: `${AHEAD} 0px` },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [always, id]);

  return (
    <div ref={frame} className={shown ? className : undefined} style={shown ? undefined : { height }}>
      {shown ? children : null}
    </div>
  );
}
