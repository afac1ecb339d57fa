import { useInfiniteQuery } from "@tanstack/react-query";
import { FileClock } from "lucide-react";
import { useState } from "react";

import type { AuditRecord } from "@/api/types";
import { usePeopleNames } from "@/features/people/names";
import { number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { EmptyState } from "@/ui/empty-state";
import { ProblemNotice } from "@/ui/problem-notice";
import { SkeletonList } from "@/ui/skeleton";
import { VirtualList } from "@/ui/virtual-list";

import { ExportButtons } from "./export-buttons";
import { NO_FILTER, searchOf, type Filter } from "./filter";
import { recordsQuery } from "./queries";
import { RecordChart } from "./record-chart";
import { RecordRow } from "./record-row";

const NONE: ReadonlySet<string> = new Set();

const keyOf = ({ chain, seq }: AuditRecord) => `${chain} ${seq}`;

/** The records that fit: over time, and one by one. */
export function RecordList({ filter, onClear }: { filter: Filter; onClear(filter: Filter): void }) {
  const { t } = useTranslation("audit");
  const names = usePeopleNames();
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(recordsQuery(filter));
  // Of the list, not of a row: one that is scrolled away is gone from the document.
  const [open, setOpen] = useState<ReadonlySet<string>>(NONE);
  if (data === undefined) {
    return error === null ? <SkeletonList rows={6} /> : <ProblemNotice error={error} onRetry={() => void refetch()} />;
  }
  const records = data.pages.flatMap((page) => page.items);
  if (records.length === 0) {
    return (
      <EmptyState
        icon={<FileClock size={22} />}
        title={t("empty")}
        action={Object.keys(searchOf(filter)).length > 0 ? <Button onClick={() => onClear(NO_FILTER)}>{t("clear")}</Button> : undefined}
      >
        {t("empty_text")}
      </EmptyState>
    );
  }
  return (
    <div className="space-y-5">
      <RecordChart records={records} />
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p role="status" className="text-sm text-ink-soft">
          {t(hasNextPage ? "loaded" : "loaded_all", { n: number(records.length) })}
        </p>
        <ExportButtons filter={filter} />
      </div>
      <VirtualList
        items={records}
        keyOf={keyOf}
        rowPx={62}
        goesOn={hasNextPage}
        label={t("list")}
        className="divide-y divide-line overflow-hidden rounded-card border border-line bg-raised shadow-card"
        render={(record, place) => (
          <RecordRow
            record={record}
            who={names.get(record.oid) ?? record.oid}
            open={open.has(keyOf(record))}
            onToggle={() => setOpen(toggled(open, keyOf(record)))}
            place={place}
          />
        )}
      />
      {error !== null && <ProblemNotice error={error} onRetry={() => void fetchNextPage()} />}
      {hasNextPage && (
        <Button size="small" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t(isFetchingNextPage ? "loading_more" : "more")}
        </Button>
      )}
    </div>
  );
}

function toggled(keys: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const others = [...keys].filter((one) => one !== key);
  return new Set(keys.has(key) ? others : [...others, key]);
}
