/** The list of conversations, page by page; a search is a list of its own. */
import { infiniteQueryOptions, type InfiniteData, type QueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import type { Conversation } from "@/api/types";

/** All lists, whatever was searched for: invalidate this after anything that changes one. */
export const CONVERSATIONS = ["conversations"] as const;

const LIST = [...CONVERSATIONS, "list"] as const;
const PAGE_SIZE = 50;

export interface ConversationPage {
  items: Conversation[];
  next_cursor?: string | null | undefined;
}

export type ConversationPages = InfiniteData<ConversationPage, unknown>;

/** `q` is what the server searches for in titles and messages; empty lists all. */
export function conversationsQuery(q: string) {
  return infiniteQueryOptions({
    queryKey: [...LIST, { q }],
    queryFn: ({ pageParam, signal }): Promise<ConversationPage> =>
      unwrap(
        api().GET("/v1/conversations", {
          params: {
            query: { limit: PAGE_SIZE, ...(q === "" ? {} : { q }), ...(pageParam === null ? {} : { cursor: pageParam }) },
          },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor ?? null,
  });
}

/** Applies `change` to every list that is known; gives what puts them back. */
export async function changeLists(
  queries: QueryClient,
  change: (items: Conversation[]) => Conversation[],
): Promise<() => void> {
  await queries.cancelQueries({ queryKey: LIST });
  const before = queries.getQueriesData<ConversationPages>({ queryKey: LIST });
  queries.setQueriesData<ConversationPages>({ queryKey: LIST }, (data) => data && mapPages(data, change));
  return () => before.forEach(([key, data]) => queries.setQueryData(key, data));
}

export function mapPages(data: ConversationPages, change: (items: Conversation[]) => Conversation[]): ConversationPages {
  return { ...data, pages: data.pages.map((page) => ({ ...page, items: change(page.items) })) };
}

/** Every conversation once: one that moved up while pages were read is in two of them. */
export function flatten(data: ConversationPages | undefined): Conversation[] {
  const seen = new Set<string>();
  return (data?.pages ?? [])
    .flatMap((page) => page.items)
    .filter(({ id }) => !seen.has(id) && seen.add(id));
}
