/** The tools of the tenant as administrators see them, and settling one. */
import { infiniteQueryOptions, useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrapTagged } from "@/api/client";
import { ProblemError } from "@/api/problem";
import type { ToolPin, ToolPinToSet } from "@/api/types";

export const STATES = ["new", "changed", "pinned", "disabled", "missing"] as const;
export type PinState = (typeof STATES)[number];

const TOOLS_KEY = ["admin", "tools"] as const;

export interface PinFilter {
  /** What must occur in name or text. */
  words: string;
  state: PinState | null;
}

/** The most that the API gives at once. */
const PAGE = 100;

export const pinsQuery = ({ words, state }: PinFilter) =>
  infiniteQueryOptions({
    queryKey: [...TOOLS_KEY, words, state],
    queryFn: ({ pageParam }) =>
      unwrapTagged(
        api().GET("/v1/admin/tools", {
          params: {
            query: {
              limit: PAGE,
              ...(words === "" ? {} : { q: words }),
              ...(state === null ? {} : { state }),
              ...(pageParam === "" ? {} : { cursor: pageParam }),
            },
          },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: ({ value }: { value: { next_cursor?: string | null } }) => value.next_cursor ?? undefined,
  });

/** A tool, and the version under which it was seen. */
export interface SeenPin {
  pin: ToolPin;
  etag: string | null;
}

/** Others were faster, or the tool is not what was looked at: it has to be seen again. */
export const isOutdated = (error: unknown) => error instanceof ProblemError && (error.status === 412 || error.code === "tool_not_as_seen");

/** Settles a tool as it was seen. What is shown is read again afterwards, also when it was outdated. */
export function useSettleTool({ pin, etag }: SeenPin) {
  const queries = useQueryClient();
  const again = () => queries.invalidateQueries({ queryKey: TOOLS_KEY });
  return useMutation({
    mutationFn: (settled: ToolPinToSet) =>
      unwrapTagged(
        api().PUT("/v1/admin/tools/{server}/{tool}", {
          params: { path: { server: pin.server, tool: pin.tool }, header: { "If-Match": etag ?? "" } },
          body: settled,
        }),
      ),
    onSuccess: again,
    onError: (error) => (isOutdated(error) ? again() : undefined),
  });
}
