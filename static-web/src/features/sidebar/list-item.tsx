import { clsx } from "clsx";
import type { CSSProperties, Ref } from "react";

import { useTranslation } from "@/i18n/use-translation";

import { ConversationRow } from "./conversation-row";
import type { Row } from "./groups";
import type { ListKeys } from "./list-keys";

interface ListItemProps {
  row: Row;
  index: number;
  keys: ListKeys;
  /** How many conversations there are in all; -1 while nobody knows. */
  total: number;
  /** Where it lies, in a list that holds only what is in sight. */
  place?: CSSProperties;
  ref?: Ref<HTMLLIElement>;
}

/** A heading or a conversation. */
export function ListItem({ row, index, keys, total, place, ref }: ListItemProps) {
  const { t } = useTranslation("sidebar");
  const placed = place !== undefined && "absolute inset-x-0 top-0";
  if (row.kind === "heading") {
    return (
      <li ref={ref} data-index={index} className={clsx(placed)} style={place}>
        <h3 className="px-2 pt-3 pb-1 text-xs font-semibold text-ink-faint">{t(`group.${row.group}`)}</h3>
      </li>
    );
  }
  const { conversation } = row;
  return (
    <li ref={ref} data-index={index} className={clsx(placed, "scroll-mt-10 pb-0.5")} style={place} aria-setsize={total} aria-posinset={row.position}>
      <ConversationRow
        conversation={conversation}
        isOpen={conversation.id === keys.open}
        isStop={index === keys.stop}
        onFocus={() => keys.setStop(conversation.id)}
        onGone={() => keys.leave(index)}
      />
    </li>
  );
}

export const keyOf = (row: Row): string => (row.kind === "heading" ? `heading ${row.group}` : row.conversation.id);
