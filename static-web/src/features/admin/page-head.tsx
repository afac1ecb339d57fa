import type { ReactNode } from "react";

import { usePageTitle } from "@/app/page-title";

/** The heading of a page of the administration; `aside` stands at its end. */
export function PageHead({ title, text, aside }: { title: string; text: string; aside?: ReactNode }) {
  usePageTitle(title);
  return (
    <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
      <div className="min-w-0">
        <h1 className="text-2xl font-semibold">{title}</h1>
        <p className="mt-1 max-w-prose text-sm text-ink-soft">{text}</p>
      </div>
      {aside}
    </div>
  );
}
