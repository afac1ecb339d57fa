import { clsx } from "clsx";

/** How much of something is used. */
export function Meter({ label, text, value, max }: { label: string; text: string; value: number; max: number }) {
  const share = max <= 0 ? 0 : Math.min(1, value / max);
  return (
    <div className="max-w-xs">
      <div className="flex justify-between gap-3 text-sm">
        <span>{label}</span>
        <span className="text-ink-soft tabular-nums">{text}</span>
      </div>
      <div
        role="meter"
        aria-label={label}
        aria-valuenow={value}
        aria-valuemin={0}
        aria-valuemax={max}
        aria-valuetext={text}
        className="mt-1.5 h-2 overflow-hidden rounded-full border border-line bg-sunken"
      >
        <div className={clsx("h-full rounded-full", share >= 0.9 ? "bg-warn" : "bg-lead")} style={{ width: `${share * 100}%` }} />
      </div>
    </div>
  );
}
