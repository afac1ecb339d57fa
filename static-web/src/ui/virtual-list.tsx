import { lazy, Suspense, type ReactNode, type Ref } from "react";

/** What a row's `<li>` needs to be placed and counted. */
export interface RowPlace {
  ref?: Ref<HTMLLIElement>;
  "data-index"?: number;
  "aria-posinset"?: number;
  "aria-setsize"?: number;
}

export interface VirtualListProps<Item> {
  items: readonly Item[];
  keyOf(item: Item): string;
  /** Of a row that was not measured yet, px. */
  rowPx: number;
  /** Between rows, px. */
  gapPx?: number;
  /** There is more than what is here. */
  goesOn?: boolean;
  label: string;
  className?: string;
  /** One `<li>`, on which the place is spread. */
  render(item: Item, place: RowPlace): ReactNode;
}

/** What a long list needs is loaded when somebody has one. */
const LongList = lazy(() => import("./long-list").then((module) => ({ default: module.LongList }))) as <Item>(props: VirtualListProps<Item>) => ReactNode;

/** So many rows stand in the document all at once. */
const PLAIN_ROWS = 60;

/** A list of a page that scrolls as a whole: of a long one, only the rows near the screen are in the document. */
export function VirtualList<Item>(props: VirtualListProps<Item>) {
  const { items } = props;
  if (items.length <= PLAIN_ROWS) return <PlainList {...props} />;
  return (
    <Suspense fallback={<PlainList {...props} items={items.slice(0, PLAIN_ROWS)} />}>
      <LongList {...props} />
    </Suspense>
  );
}

function PlainList<Item>({ items, keyOf, gapPx = 0, label, className, render }: VirtualListProps<Item>) {
  return (
    <ul aria-label={label} className={className} style={{ display: "flex", flexDirection: "column", rowGap: gapPx }}>
      {items.map((item) => (
        <VirtualRow key={keyOf(item)} item={item} place={{}} render={render} />
      ))}
    </ul>
  );
}

export function VirtualRow<Item>({ item, place, render }: { item: Item; place: RowPlace; render(item: Item, place: RowPlace): ReactNode }) {
  return render(item, place);
}
