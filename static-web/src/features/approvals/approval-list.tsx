import { Inbox } from "lucide-react";
import { useEffect, useRef, useState } from "react";

import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { EmptyState } from "@/ui/empty-state";
import { ProblemNotice } from "@/ui/problem-notice";
import { SkeletonList } from "@/ui/skeleton";

import { ApprovalFilter } from "./approval-filter";
import { ApprovalRow } from "./approval-row";
import { filtered, kindOf, LIST_OF, type Kind } from "./kinds";
import { useApprovals } from "./queries";

/** A page of the API may hold few of a kind, or none; so many are asked for without being told. */
const PAGES_BY_ITSELF = 5;
const ENOUGH = 10;

/** One kind of approvals, newest first. */
export function ApprovalList({ kind }: { kind: Kind }) {
  const { t } = useTranslation("approvals");
  const { data, error, refetch, hasNextPage, isFetching, isFetchingNextPage, fetchNextPage } = useApprovals(LIST_OF[kind]);
  const [words, setWords] = useState("");
  const [open, setOpen] = useState<string | null>(null);
  const list = useRef<HTMLUListElement>(null);

  const all = data?.pages.flatMap((page) => page.items).filter((item) => kindOf(item.state) === kind) ?? [];
  const items = filtered(all, words);
  const goesOn = hasNextPage && !isFetching && error === null && items.length < ENOUGH && (data?.pages.length ?? 0) < PAGES_BY_ITSELF;
  useEffect(() => {
    if (goesOn) void fetchNextPage();
  }, [goesOn, fetchNextPage]);

  if (data === undefined) {
    return error === null ? <SkeletonList rows={4} /> : <ProblemNotice error={error} onRetry={() => void refetch()} />;
  }
  const isSearching = isFetchingNextPage || goesOn;
  return (
    <div className="space-y-4">
      {error !== null && <ProblemNotice error={error} onRetry={() => void refetch()} />}
      {(all.length > 1 || words !== "") && <ApprovalFilter words={words} onChange={setWords} />}
      {items.length > 0 ? (
        <ul ref={list} tabIndex={-1} aria-label={t("list")} className="space-y-3 outline-none">
          {items.map((approval) => (
            <ApprovalRow
              key={approval.id}
              approval={approval}
              open={open === approval.id}
              onToggle={() => setOpen(open === approval.id ? null : approval.id)}
              onDecided={() => list.current?.focus({ preventScroll: true })}
            />
          ))}
        </ul>
      ) : isSearching ? (
        <SkeletonList rows={3} />
      ) : all.length > 0 ? (
        <div className="space-y-3 py-8 text-center text-sm text-ink-soft">
          <p>{t("filter.none")}</p>
          <Button size="small" onClick={() => setWords("")}>
            {t("filter.clear")}
          </Button>
        </div>
      ) : (
        <EmptyState icon={<Inbox size={22} aria-hidden />} title={t(`empty.${kind}`)}>
          {t(`empty.${kind}_text`)}
        </EmptyState>
      )}
      {hasNextPage && !goesOn && (
        <div className="flex justify-center">
          <Button disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {isFetchingNextPage ? t("loading_more") : t("load_more")}
          </Button>
        </div>
      )}
    </div>
  );
}
