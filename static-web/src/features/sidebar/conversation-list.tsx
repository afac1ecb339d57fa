import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";

import type { Conversation } from "@/api/types";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { ProblemNotice } from "@/ui/problem-notice";
import { SkeletonList } from "@/ui/skeleton";

import { grouped, ungrouped } from "./groups";
import { conversationsQuery, flatten } from "./queries";
import { Rows } from "./rows";
import { useToday } from "./use-today";

/** A page of a search may be empty while later ones are not: so many are read without being asked. */
const PAGES_OF_A_SEARCH = 10;
const NONE: Conversation[] = [];

/** The conversations, or those that fit the search. */
export function ConversationList({ search }: { search: string }) {
  const { t } = useTranslation("sidebar");
  const list = useInfiniteQuery({
    ...conversationsQuery(search),
    // While a search runs the former list stays, so that nothing jumps.
    placeholderData: (previous) => previous,
  });
  const today = useToday();
  const conversations = useMemo(() => (list.data === undefined ? NONE : flatten(list.data)), [list.data]);
  const rows = useMemo(
    () => (search === "" ? grouped(conversations, today) : ungrouped(conversations)),
    [conversations, search, today],
  );
  const [askedFor, setAskedFor] = useState({ search: "", pages: 0 });

  const pagesRead = list.data?.pages.length ?? 0;
  const allowed = PAGES_OF_A_SEARCH + (askedFor.search === search ? askedFor.pages : 0);
  const resting = search !== "" && conversations.length < pagesRead && pagesRead >= allowed;
  const count = conversations.length;
  const { isFetching, fetchNextPage } = list;
  // A page that could not be read is asked for again by the person, not in a loop.
  const hasNextPage = list.hasNextPage && !list.isFetchNextPageError;
  const settled = list.isSuccess && !list.isFetching && !list.isPlaceholderData;

  // Nothing found yet: there is no last row that would ask for more.
  useEffect(() => {
    if (count === 0 && hasNextPage && !isFetching && !resting) void fetchNextPage();
  }, [count, hasNextPage, isFetching, resting, fetchNextPage]);

  return (
    <nav aria-labelledby="conversations-heading" className="flex min-h-0 flex-1 flex-col">
      <h2 id="conversations-heading" className="sr-only">
        {t("heading")}
      </h2>
      <p role="status" className={search === "" ? "sr-only" : "px-5 py-1.5 text-xs text-ink-faint"}>
        {search !== "" && settled && (list.hasNextPage ? t("search.count_more", { count }) : t("search.count", { count }))}
      </p>
      {list.isPending && <SkeletonList rows={6} className="px-3 py-2" />}
      {list.isError && count === 0 && (
        <div className="p-3">
          <ProblemNotice error={list.error} onRetry={() => void list.refetch()} />
        </div>
      )}
      {settled && count === 0 && search === "" && <p className="px-5 py-4 text-sm text-ink-soft">{t("empty")}</p>}
      {count > 0 && (
        <Rows
          key={list.isPlaceholderData ? "" : search}
          rows={rows}
          total={list.hasNextPage ? -1 : count}
          onEnd={() => {
            if (hasNextPage && !isFetching && !resting) void fetchNextPage();
          }}
        />
      )}
      {list.isFetchNextPageError && (
        <div className="flex items-center justify-between gap-2 px-5 py-2 text-sm text-ink-soft" role="alert">
          {t("search.failed")}
          <Button size="small" tone="quiet" className="text-lead" onClick={() => void fetchNextPage()}>
            {t("common:problem.retry")}
          </Button>
        </div>
      )}
      {resting && settled && list.hasNextPage && (
        <Button
          size="small"
          tone="quiet"
          className="mx-3 my-2 text-lead"
          onClick={() => {
            setAskedFor({ search, pages: pagesRead });
            void list.fetchNextPage();
          }}
        >
          {t("search.go_on")}
        </Button>
      )}
    </nav>
  );
}
