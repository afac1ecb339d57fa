import type { ReactNode } from "react";

/** A name and what stands behind it; beside each other where there is room. */
export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="grid gap-1.5 sm:grid-cols-[11rem_1fr] sm:gap-4">
      <dt className="text-sm text-ink-soft">{name}</dt>
      <dd className="min-w-0 text-sm">{children}</dd>
    </div>
  );
}
