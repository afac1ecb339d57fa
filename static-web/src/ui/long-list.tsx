import { useVirtualizer } from "@tanstack/react-virtual";
import { useLayoutEffect, useRef, useState } from "react";

import { VirtualRow, type VirtualListProps } from "./virtual-list";

/** Rows near the screen, with room for the others above and below. */
export function LongList<Item>({ items, keyOf, rowPx, gapPx = 0, goesOn = false, label, className, render }: VirtualListProps<Item>) {
  const list = useRef<HTMLUListElement>(null);
  const [margin, setMargin] = useState(0);
  const scroller = () => list.current?.closest<HTMLElement>("[data-scroll=page]") ?? null;
  // What is above the list may change its height at any time.
  useLayoutEffect(() => {
    const box = scroller();
    if (list.current === null || box === null) return;
    const above = Math.round(list.current.getBoundingClientRect().top - box.getBoundingClientRect().top + box.scrollTop);
    if (above !== margin) setMargin(above);
  });
  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: scroller,
    estimateSize: () => rowPx,
    getItemKey: (index) => keyOf(items[index]!),
    gap: gapPx,
    scrollMargin: margin,
    overscan: 4,
  });
  const shown = virtualizer.getVirtualItems();
  const before = (shown[0]?.start ?? margin) - margin;
  const after = Math.max(0, virtualizer.getTotalSize() - ((shown.at(-1)?.end ?? margin) - margin));
  return (
    <ul ref={list} aria-label={label} className={className} style={{ display: "flex", flexDirection: "column", rowGap: gapPx, paddingTop: before, paddingBottom: after }}>
      {shown.map(({ key, index }) => (
        <VirtualRow
          key={key}
          item={items[index]!}
          place={{ ref: virtualizer.measureElement, "data-index": index, "aria-posinset": index + 1, "aria-setsize": goesOn ? -1 : items.length }}
          render={render}
        />
      ))}
    </ul>
  );
}
