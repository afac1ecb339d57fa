import { defaultRangeExtractor, useVirtualizer, type Range } from "@tanstack/react-virtual";
import { clsx } from "clsx";
import { useCallback, useEffect, useRef, useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";

import { ConversationRow } from "./conversation-row";
import type { Row } from "./groups";
import { useOpenConversation } from "./use-conversations";

const HEADING_PX = 34;
const ROW_PX = window.matchMedia("(pointer: coarse)").matches ? 46 : 38;

interface VirtualRowsProps {
  rows: Row[];
  /** How many conversations there are in all; -1 while nobody knows. */
  total: number;
  dimmed: boolean;
  /** The last row is near: more may be read. */
  onEnd(): void;
}

/**
 * Only the rows in sight are in the document. One of them is the list's stop for Tab, and the
 * arrow keys go from one to the next, so the keyboard does not depend on what is in sight.
 */
export function VirtualRows({ rows, total, dimmed, onEnd }: VirtualRowsProps) {
  const { t } = useTranslation("sidebar");
  const scroller = useRef<HTMLDivElement>(null);
  const open = useOpenConversation();
  const [stopId, setStopId] = useState<string | null>(null);
  const focusAfter = useRef<string | null>(null);

  const indexOf = (id: string | null) =>
    id === null ? -1 : rows.findIndex((row) => row.kind === "conversation" && row.conversation.id === id);
  const firstRow = rows.findIndex((row) => row.kind === "conversation");
  const stop = [indexOf(stopId), indexOf(open), firstRow].find((index) => index >= 0) ?? -1;

  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => (rows[index]?.kind === "heading" ? HEADING_PX : ROW_PX),
    getItemKey: (index) => {
      const row = rows[index]!;
      return row.kind === "heading" ? `heading ${row.group}` : row.conversation.id;
    },
    rangeExtractor: useCallback(
      (range: Range) => {
        const shown = defaultRangeExtractor(range);
        return stop < 0 || shown.includes(stop) ? shown : [...shown, stop].sort((a, b) => a - b);
      },
      [stop],
    ),
    overscan: 6,
    paddingEnd: 8,
  });
  const items = virtualizer.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;

  useEffect(() => {
    if (last >= rows.length - 8) onEnd();
  });

  useEffect(() => {
    if (focusAfter.current === null) return;
    const link = scroller.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(focusAfter.current)}"]`);
    if (link === null || link === undefined) return;
    focusAfter.current = null;
    link.focus({ preventScroll: true });
  });

  const moveTo = (index: number) => {
    const row = rows[index];
    if (row?.kind !== "conversation") return;
    focusAfter.current = row.conversation.id;
    setStopId(row.conversation.id);
    virtualizer.scrollToIndex(index, { align: "auto" });
  };

  /** The next conversation in a direction, over headings. */
  const neighbour = (index: number, step: 1 | -1) => {
    let found = index + step;
    while (rows[found]?.kind === "heading") found += step;
    return rows[found]?.kind === "conversation" ? found : -1;
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target instanceof HTMLInputElement || event.altKey || event.ctrlKey || event.metaKey) return;
    const next =
      event.key === "ArrowDown"
        ? neighbour(stop, 1)
        : event.key === "ArrowUp"
          ? neighbour(stop, -1)
          : event.key === "Home"
            ? firstRow
            : event.key === "End"
              ? rows.length - 1
              : null;
    if (next === null) return;
    event.preventDefault();
    if (next >= 0) moveTo(next);
  };

  return (
    <div ref={scroller} className={clsx("min-h-0 flex-1 overflow-y-auto px-3 transition-opacity", dimmed && "opacity-60")}>
      <ul className="relative" style={{ height: virtualizer.getTotalSize() }} onKeyDown={onKeyDown}>
        {items.map((item) => {
          const row = rows[item.index]!;
          const place = { transform: `translateY(${item.start}px)` };
          return row.kind === "heading" ? (
            <li key={item.key} ref={virtualizer.measureElement} data-index={item.index} className="absolute inset-x-0 top-0" style={place}>
              <h3 className="px-2 pt-3 pb-1 text-xs font-semibold text-ink-faint">{t(`group.${row.group}`)}</h3>
            </li>
          ) : (
            <li
              key={item.key}
              ref={virtualizer.measureElement}
              data-index={item.index}
              className="absolute inset-x-0 top-0 pb-0.5"
              style={place}
              aria-setsize={total}
              aria-posinset={row.position}
            >
              <ConversationRow
                conversation={row.conversation}
                isOpen={row.conversation.id === open}
                isStop={item.index === stop}
                onFocus={() => setStopId(row.conversation.id)}
                onGone={() => moveTo(Math.max(neighbour(item.index, 1), neighbour(item.index, -1)))}
              />
            </li>
          );
        })}
      </ul>
    </div>
  );
}
