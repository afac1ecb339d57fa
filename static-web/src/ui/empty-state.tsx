import type { ReactNode } from "react";

/** Nothing is here: what that means, and the one thing to do about it. */
export function EmptyState({ icon, title, children, action }: { icon: ReactNode; title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="mx-auto flex max-w-md animate-fade-in flex-col items-center gap-3 px-4 py-16 text-center">
      <div className="flex size-12 items-center justify-center rounded-full bg-lead-soft text-lead" aria-hidden>
        {icon}
      </div>
      <p className="text-lg font-semibold">{title}</p>
      {children !== undefined && <div className="text-sm text-ink-soft">{children}</div>}
      {action}
    </div>
  );
}
