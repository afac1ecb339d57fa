/** Where the person is signed in. */
import { infiniteQueryOptions, useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";

const SESSIONS_KEY = ["sessions"] as const;

export const sessionsQuery = infiniteQueryOptions({
  queryKey: SESSIONS_KEY,
  queryFn: ({ pageParam }) => unwrap(api().GET("/v1/sessions", { params: { query: pageParam === "" ? {} : { cursor: pageParam } } })),
  initialPageParam: "",
  getNextPageParam: (page: { next_cursor?: string | null }) => page.next_cursor ?? undefined,
});

export function useEndSession() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (id: string) => {
      await unwrap<unknown>(api().DELETE("/v1/sessions/{id}", { params: { path: { id } } }));
    },
    onSettled: () => queries.invalidateQueries({ queryKey: SESSIONS_KEY }),
  });
}

/** Here too. */
export const useSignOutEverywhere = () =>
  useMutation({
    mutationFn: async () => {
      await unwrap<unknown>(api().DELETE("/v1/sessions"));
    },
  });
