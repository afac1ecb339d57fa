import { cellText, isId } from "./tables";

/**
 * One value in a line. Long ones are cut by the layout only, so that a selection copies all.
 * There are hundreds of cells: this one has no hook, and `empty` is said once by its table.
 */
export function ResultCell({ value, empty }: { value: unknown; empty: string }) {
  const text = cellText(value);
  if (text === "") {
    return (
      <span className="text-ink-faint">
        <span aria-hidden>–</span>
        <span className="sr-only">{empty}</span>
      </span>
    );
  }
  if (typeof value === "object") {
    return (
      <code title={text} className="block max-w-64 truncate font-mono">
        {text}
      </code>
    );
  }
  if (typeof value === "string" && isId(value)) {
    const cut = value.lastIndexOf(value.includes("/") ? "/" : "-");
    return (
      <span title={value} className="inline-flex max-w-56 min-w-0 font-mono">
        <span className="max-w-20 min-w-0 truncate">{value.slice(0, cut)}</span>
        <span className="min-w-0 truncate">{value.slice(cut)}</span>
      </span>
    );
  }
  return (
    <span title={text.length > 20 ? text : undefined} className="block max-w-80 min-w-0 truncate max-sm:break-words max-sm:whitespace-normal">
      {text}
    </span>
  );
}
