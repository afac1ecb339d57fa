import { ListFilter } from "lucide-react";

import { useTranslation } from "@/i18n/use-translation";

/** Narrows the list by tool, resource or person, as far as it is loaded. */
export function ApprovalFilter({ words, onChange }: { words: string; onChange(words: string): void }) {
  const { t } = useTranslation("approvals");
  return (
    <div className="relative max-w-sm">
      <ListFilter size={16} aria-hidden className="pointer-events-none absolute top-1/2 left-3 -translate-y-1/2 text-ink-faint" />
      <input
        type="search"
        value={words}
        onChange={(event) => onChange(event.target.value)}
        aria-label={t("filter.label")}
        placeholder={t("filter.label")}
        className="min-h-9 w-full rounded-control border border-line-strong bg-surface pr-3 pl-9 text-sm text-ellipsis pointer-coarse:min-h-11"
      />
    </div>
  );
}
