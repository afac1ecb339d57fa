import { clsx } from "clsx";

export interface BarPart {
  value: number;
  /** Its colour, as a class. */
  colour: string;
}

export interface Bar {
  label: string;
  /** From the bottom up. */
  parts: readonly BarPart[];
  /** What the bar says when it is pointed at. */
  text: string;
}

export interface BarChartProps {
  /** Everything that the picture says, for those who do not see it; a table stands beside it. */
  summary: string;
  bars: readonly Bar[];
  /** Of the longest bar. */
  most: string;
}

/** Bars over time. The numbers stand in a table beside it. */
export function BarChart({ summary, bars, most }: BarChartProps) {
  const heights = bars.map(({ parts }) => parts.reduce((sum, { value }) => sum + value, 0));
  const top = Math.max(1, ...heights);
  return (
    <figure role="img" aria-label={summary} className="rounded-card border border-line bg-raised p-4 shadow-card">
      <div aria-hidden className="text-xs text-ink-soft tabular-nums">
        {most}
      </div>
      <div aria-hidden className="mt-1 flex h-36 items-end gap-px border-b border-line-strong">
        {bars.map(({ label, parts, text }) => (
          <div key={label} title={text} className="flex h-full min-w-0 flex-1 flex-col-reverse hover:bg-sunken">
            {parts.map(({ value, colour }) =>
              value > 0 ? <div key={colour} className={clsx("min-h-0.5 w-full shrink-0", colour)} style={{ height: `${(value / top) * 100}%` }} /> : null,
            )}
          </div>
        ))}
      </div>
      <div aria-hidden className="mt-1 flex justify-between text-xs text-ink-soft">
        <span>{bars[0]?.label}</span>
        <span>{bars.at(-1)?.label}</span>
      </div>
    </figure>
  );
}
