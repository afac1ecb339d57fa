import { clsx } from "clsx";

import { useTranslation } from "@/i18n/use-translation";

/** Rows that stand for what is being loaded; they appear after 150 ms. */
export function SkeletonList({ rows = 4, className }: { rows?: number; className?: string }) {
  const { t } = useTranslation();
  return (
    <div role="status" aria-busy="true" className={clsx("animate-late space-y-3", className)}>
      <span className="sr-only">{t("loading")}</span>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} aria-hidden className={clsx("h-9 rounded-control bg-sunken", row % 3 === 2 && "w-2/3")} />
      ))}
    </div>
  );
}
