import { useEffect, useRef } from "react";

import type { Row } from "./groups";
import { keyOf, ListItem } from "./list-item";
import { useListKeys } from "./list-keys";

export interface RowsProps {
  rows: Row[];
  /** How many conversations there are in all; -1 while nobody knows. */
  total: number;
  /** The last row is near: more may be read. */
  onEnd(): void;
}

/** A list that is short enough to be in the document as a whole. */
export function PlainRows({ rows, total, onEnd }: RowsProps) {
  const list = useRef<HTMLUListElement>(null);
  const end = useRef<HTMLDivElement>(null);
  const keys = useListKeys(rows, list, () => undefined);
  const latest = useRef(onEnd);
  latest.current = onEnd;

  useEffect(() => {
    const watcher = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && latest.current(), {
      rootMargin: "200px",
    });
    if (end.current !== null) watcher.observe(end.current);
    return () => watcher.disconnect();
    // Watched anew after each page: an end that stays in sight reports only once.
  }, [rows.length]);

  return (
    <div className="min-h-0 flex-1 overflow-y-auto px-3 pb-2">
      <ul ref={list} onKeyDown={keys.onKeyDown}>
        {rows.map((row, index) => (
          <ListItem key={keyOf(row)} row={row} index={index} keys={keys} total={total} />
        ))}
      </ul>
      <div ref={end} />
    </div>
  );
}
