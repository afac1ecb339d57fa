import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import type { Tool } from "@/api/types";
import { toolsQuery } from "@/features/catalogue/queries";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { ProblemNotice } from "@/ui/problem-notice";
import { SearchInput } from "@/ui/search-input";
import { SkeletonList } from "@/ui/skeleton";
import { useSettled } from "@/ui/use-settled";

/** As many as one looks through without scrolling. */
const SHOWN = 6;

interface ToolFinderProps {
  isTaken(tool: Tool): boolean;
  isBusy: boolean;
  onChoose(tool: Tool): void;
}

/** Finds a tool that can be allowed: one that changes something, destroys nothing and has no secret. */
export function ToolFinder({ isTaken, isBusy, onChoose }: ToolFinderProps) {
  const { t } = useTranslation("settings");
  const [typed, setTyped] = useState("");
  const { data, error, refetch, hasNextPage, isFetching, fetchNextPage } = useInfiniteQuery(toolsQuery(useSettled(typed.trim())));
  const found = (data?.pages ?? [])
    .flatMap((page) => page.items)
    .filter((tool) => tool.effect === "mutating" && !tool.secret && !isTaken(tool))
    .slice(0, SHOWN);
  // Most tools only read: those that fit best may not be among the first.
  const looksOn = found.length < SHOWN && hasNextPage && error === null;
  useEffect(() => {
    if (looksOn && !isFetching) void fetchNextPage();
  }, [looksOn, isFetching, fetchNextPage]);
  return (
    <div className="space-y-3">
      <SearchInput label={t("allowed.search")} value={typed} onChange={setTyped} />
      {error !== null ? (
        <ProblemNotice error={error} onRetry={() => void refetch()} />
      ) : data === undefined || (found.length === 0 && looksOn) ? (
        <SkeletonList rows={3} />
      ) : found.length === 0 ? (
        <p role="status" className="text-sm text-ink-soft">
          {t("allowed.nothing_found")}
        </p>
      ) : (
        <ul aria-label={t("allowed.found")} className="divide-y divide-line rounded-control border border-line text-sm">
          {found.map((tool) => {
            const name = `${tool.server}.${tool.tool}`;
            return (
              <li key={name} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-3 py-2.5">
                <span className="min-w-0 font-mono break-all">{name}</span>
                <Button size="small" disabled={isBusy} aria-label={t("allowed.allow_named", { name })} onClick={() => onChoose(tool)}>
                  {t("allowed.allow")}
                </Button>
              </li>
            );
          })}
        </ul>
      )}
    </div>
  );
}
