import { clsx } from "clsx";
import type { ComponentProps } from "react";

type Tone = "lead" | "plain" | "quiet" | "danger";

const TONES: Record<Tone, string> = {
  lead: "bg-lead text-on-lead hover:bg-lead-hover",
  plain: "border border-line-strong bg-surface text-ink hover:bg-sunken",
  quiet: "text-ink-soft hover:bg-sunken hover:text-ink",
  danger: "border border-bad bg-surface text-bad hover:bg-bad-soft",
};

export interface ButtonProps extends ComponentProps<"button"> {
  tone?: Tone;
  size?: "small" | "normal";
}

/** 44 px high for fingers, denser for a mouse when `size` is small. */
export function Button({ tone = "plain", size = "normal", className, type = "button", ...rest }: ButtonProps) {
  return (
    <button
      type={type}
      className={clsx(
        "inline-flex shrink-0 items-center justify-center gap-2 rounded-control font-medium whitespace-nowrap transition-colors disabled:opacity-55",
        size === "small" ? "min-h-8 px-3 text-sm pointer-coarse:min-h-11" : "min-h-10 px-4 text-sm pointer-coarse:min-h-11",
        TONES[tone],
        className,
      )}
      {...rest}
    />
  );
}

export interface IconButtonProps extends ComponentProps<"button"> {
  /** What the icon means; also its tooltip. */
  label: string;
}

export function IconButton({ label, className, type = "button", ...rest }: IconButtonProps) {
  return (
    <button
      type={type}
      aria-label={label}
      title={label}
      className={clsx(
        "inline-flex size-9 shrink-0 items-center justify-center rounded-control text-ink-soft transition-colors hover:bg-sunken hover:text-ink disabled:opacity-55 pointer-coarse:size-11",
        className,
      )}
      {...rest}
    />
  );
}
