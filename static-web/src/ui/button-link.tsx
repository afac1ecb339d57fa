import { Link, type LinkProps } from "@tanstack/react-router";
import { clsx } from "clsx";
import type { ReactNode } from "react";

/** A link that leads on as a button does. */
export function ButtonLink({ tone = "plain", children, ...link }: LinkProps & { tone?: "lead" | "plain"; children: ReactNode }) {
  return (
    <Link
      {...link}
      className={clsx(
        "inline-flex min-h-10 items-center justify-center gap-2 rounded-control px-4 text-sm font-medium transition-colors pointer-coarse:min-h-11",
        tone === "lead" ? "bg-lead text-on-lead hover:bg-lead-hover" : "border border-line-strong bg-surface text-ink hover:bg-sunken",
      )}
    >
      {children}
    </Link>
  );
}
