/** The tools that the person may use, and running one without a model. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import type { Tool } from "@/api/types";

const PAGE = 50;
/** The most that the API gives at once. */
const MOST = 100;

type Page = { items: Tool[]; next_cursor?: string | null };

/** Those that fit words best come first. */
export const toolsQuery = (words: string) =>
  infiniteQueryOptions({
    queryKey: ["tools", "list", words],
    queryFn: ({ pageParam }) => toolPage({ ...(words === "" ? {} : { q: words }), limit: PAGE, ...(pageParam === "" ? {} : { cursor: pageParam }) }),
    initialPageParam: "",
    getNextPageParam: (page: Page) => page.next_cursor ?? undefined,
    staleTime: 60_000,
  });

/** One of them; `null`: there is none that the person may use. */
export const toolQuery = (server: string, tool: string) =>
  queryOptions({
    queryKey: ["tools", "one", server, tool],
    queryFn: async () => {
      let cursor: string | null = "";
      while (cursor !== null) {
        const page: Page = await toolPage({ limit: MOST, ...(cursor === "" ? {} : { cursor }) });
        const found = page.items.find((one) => one.server === server && one.tool === tool);
        if (found !== undefined) return found;
        cursor = page.next_cursor ?? null;
      }
      return null;
    },
    staleTime: 60_000,
  });

const toolPage = (query: { q?: string; limit: number; cursor?: string }): Promise<Page> => unwrap(api().GET("/v1/tools", { params: { query } }));

export interface ToRun {
  server: string;
  tool: string;
  values: Record<string, unknown>;
  /** The same for every try of one intent. */
  key: string;
}

/** The id of the turn that runs it. */
export async function runTool({ server, tool, values, key }: ToRun): Promise<string> {
  const turn = await unwrap(
    api().POST("/v1/tools/{server}/{tool}/calls", {
      params: { path: { server, tool }, header: { "Idempotency-Key": key } },
      // An object of anything; the generated type knows objects without members only.
      body: { arguments: values as Record<string, never> },
    }),
  );
  return turn.turn_id;
}
