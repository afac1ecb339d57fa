import { defaultRangeExtractor, useVirtualizer, type Range } from "@tanstack/react-virtual";
import { useCallback, useEffect, useRef } from "react";

import { keyOf, ListItem } from "./list-item";
import { useListKeys } from "./list-keys";
import type { RowsProps } from "./plain-rows";

/** Before a row is measured, in px. */
const HEADING_PX = 34;
const ROW_PX = 38;

/** A long list: only the rows in sight are in the document, and the one where Tab stops. */
export function VirtualRows({ rows, total, onEnd }: RowsProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const stopRow = useRef(-1);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => (rows[index]?.kind === "heading" ? HEADING_PX : ROW_PX),
    getItemKey: (index) => keyOf(rows[index]!),
    rangeExtractor: useCallback((range: Range) => {
      const shown = defaultRangeExtractor(range);
      const stop = stopRow.current;
      return stop < 0 || stop >= range.count || shown.includes(stop) ? shown : [...shown, stop].sort((a, b) => a - b);
    }, []),
    overscan: 6,
    paddingEnd: 8,
  });
  const keys = useListKeys(rows, scroller, (index) => virtualizer.scrollToIndex(index, { align: "auto" }));
  stopRow.current = keys.stop;
  const items = virtualizer.getVirtualItems();
  const last = virtualizer.range?.endIndex ?? -1;

  useEffect(() => {
    if (last >= rows.length - 8) onEnd();
  });

  return (
    <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto px-3">
      <ul className="relative" style={{ height: virtualizer.getTotalSize() }} onKeyDown={keys.onKeyDown}>
        {items.map((item) => (
          <ListItem
            key={item.key}
            ref={virtualizer.measureElement}
            row={rows[item.index]!}
            index={item.index}
            keys={keys}
            total={total}
            place={{ transform: `translateY(${item.start}px)` }}
          />
        ))}
      </ul>
    </div>
  );
}
