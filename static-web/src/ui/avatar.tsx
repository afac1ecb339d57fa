import { clsx } from "clsx";

/** The first letters of a name. */
export function Avatar({ name, size = "normal" }: { name: string; size?: "normal" | "large" }) {
  return (
    <span
      aria-hidden
      className={clsx(
        "flex shrink-0 items-center justify-center rounded-full bg-lead font-semibold text-on-lead select-none",
        size === "large" ? "size-14 text-lg" : "size-8 text-xs",
      )}
    >
      {initials(name)}
    </span>
  );
}

/** Two letters of a name in words; of a Korean name its first syllable. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const first = [...(words[0] ?? "")][0] ?? "?";
  if (words.length < 2 || first > "\u2e80") return first.toUpperCase();
  return (first + ([...(words.at(-1) ?? "")][0] ?? "")).toUpperCase();
}
