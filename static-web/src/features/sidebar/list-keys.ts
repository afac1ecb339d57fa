/** One row of the list is its stop for Tab; the arrow keys go from one row to the next. */
import { useEffect, useRef, useState, type KeyboardEvent, type RefObject } from "react";

import type { Row } from "./groups";
import { useOpenConversation } from "./use-conversations";

export interface ListKeys {
  /** Index of the row where Tab stops; -1 in an empty list. */
  stop: number;
  /** The conversation on the screen. */
  open: string | null;
  onKeyDown(event: KeyboardEvent): void;
  setStop(id: string): void;
  /** The row at `index` is about to go: its neighbour gets the focus. */
  leave(index: number): void;
}

/** `reveal` brings a row into the document and into sight. */
export function useListKeys(rows: readonly Row[], list: RefObject<HTMLElement | null>, reveal: (index: number) => void): ListKeys {
  const open = useOpenConversation();
  const [stopId, setStopId] = useState<string | null>(null);
  const focusAfter = useRef<string | null>(null);
  const firstRow = neighbour(rows, -1, 1);
  const stop = [indexOf(rows, stopId), indexOf(rows, open), firstRow].find((index) => index >= 0) ?? -1;

  // The row may come into the document only with a later rendering.
  useEffect(() => {
    if (focusAfter.current === null) return;
    const link = list.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(focusAfter.current)}"]`);
    if (link === null || link === undefined) return;
    focusAfter.current = null;
    link.focus();
  });

  const moveTo = (index: number) => {
    const row = rows[index];
    if (row?.kind !== "conversation") return;
    focusAfter.current = row.conversation.id;
    setStopId(row.conversation.id);
    reveal(index);
  };

  return {
    stop,
    open,
    setStop: setStopId,
    leave: (index) => moveTo(Math.max(neighbour(rows, index, 1), neighbour(rows, index, -1))),
    onKeyDown: (event) => {
      // What opens from a row, such as its menu, has keys of its own, wherever it lies in the document.
      if (!event.currentTarget.contains(event.target as Node)) return;
      if (event.target instanceof HTMLInputElement || event.altKey || event.ctrlKey || event.metaKey) return;
      const targets: Record<string, number> = {
        ArrowDown: neighbour(rows, stop, 1),
        ArrowUp: neighbour(rows, stop, -1),
        Home: firstRow,
        End: neighbour(rows, rows.length, -1),
      };
      const target = targets[event.key];
      if (target === undefined) return;
      event.preventDefault();
      if (target >= 0) moveTo(target);
    },
  };
}

function indexOf(rows: readonly Row[], id: string | null): number {
  return id === null ? -1 : rows.findIndex((row) => row.kind === "conversation" && row.conversation.id === id);
}

/** The next conversation in a direction, over headings; -1 when there is none. */
export function neighbour(rows: readonly Row[], index: number, step: 1 | -1): number {
  let found = index + step;
  while (rows[found]?.kind === "heading") found += step;
  return rows[found] === undefined ? -1 : found;
}
