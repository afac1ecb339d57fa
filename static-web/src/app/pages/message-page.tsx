import type { ReactNode } from "react";

import { usePageTitle } from "@/app/page-title";

interface MessagePageProps {
  /** Such as `404`; decoration. */
  mark: ReactNode;
  title: string;
  children: ReactNode;
  actions?: ReactNode;
}

/** A page that says one thing and where to go from there. */
export function MessagePage({ mark, title, children, actions }: MessagePageProps) {
  usePageTitle(title);
  return (
    <div className="flex flex-1 items-center justify-center overflow-y-auto px-4 py-12">
      <div className="w-full max-w-lg animate-fade-in">
        <div aria-hidden className="mb-5 flex size-14 items-center justify-center rounded-2xl bg-lead-soft text-lead">
          {mark}
        </div>
        <h1 className="text-2xl font-semibold text-balance">{title}</h1>
        <div className="mt-3 space-y-4 text-ink-soft">{children}</div>
        {actions !== undefined && <div className="mt-8 flex flex-wrap gap-3">{actions}</div>}
      </div>
    </div>
  );
}
