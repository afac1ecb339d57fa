import { useInfiniteQuery } from "@tanstack/react-query";
import { Wrench } from "lucide-react";
import { useState } from "react";

import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { EmptyState } from "@/ui/empty-state";
import { ProblemNotice } from "@/ui/problem-notice";
import { SkeletonList } from "@/ui/skeleton";
import { VirtualList } from "@/ui/virtual-list";

import { PinRow } from "./pin-row";
import { pinsQuery, type PinFilter } from "./queries";

/** The tools that fit the filter; one at a time is open. */
export function PinList({ filter, onClear }: { filter: PinFilter; onClear(): void }) {
  const { t } = useTranslation("admin_tools");
  const { data, error, refetch, isFetching, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(pinsQuery(filter));
  const [open, setOpen] = useState<string | null>(null);
  if (data === undefined) {
    return error === null ? <SkeletonList rows={6} /> : <ProblemNotice error={error} onRetry={() => void refetch()} />;
  }
  const pins = data.pages.flatMap(({ value, etag }) => value.items.map((pin) => ({ key: `${pin.server}/${pin.tool}`, pin, etag })));
  if (pins.length === 0) {
    const action = filter.words === "" && filter.state === null ? undefined : <Button onClick={onClear}>{t("clear")}</Button>;
    return (
      <EmptyState icon={<Wrench size={22} aria-hidden />} title={t("none")} action={action}>
        {t("none_text")}
      </EmptyState>
    );
  }
  return (
    <div className="space-y-4">
      {error !== null && <ProblemNotice error={error} onRetry={() => void refetch()} />}
      <p role="status" className="text-xs text-ink-soft">
        {!isFetching && t(hasNextPage ? "count_more" : "count", { count: pins.length })}
      </p>
      <VirtualList
        items={pins}
        keyOf={({ key }) => key}
        rowPx={50}
        gapPx={8}
        goesOn={hasNextPage}
        label={t("list")}
        render={(seen, place) => <PinRow seen={seen} open={open === seen.key} onToggle={() => setOpen(open === seen.key ? null : seen.key)} place={place} />}
      />
      {hasNextPage && (
        <div className="flex justify-center">
          <Button disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {t(isFetchingNextPage ? "admin:loading_more" : "admin:load_more")}
          </Button>
        </div>
      )}
    </div>
  );
}
