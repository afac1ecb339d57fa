/** The tenant's policies: what holds, what another text would change, and what held before. */
import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrap, unwrapTagged } from "@/api/client";
import { ProblemError } from "@/api/problem";
import type { PolicyVersion } from "@/api/types";

const POLICIES_KEY = ["admin", "policies"] as const;

/** With the version that a change must name. */
export const policiesQuery = queryOptions({
  queryKey: [...POLICIES_KEY, "present"],
  queryFn: () => unwrapTagged(api().GET("/v1/admin/policies")),
});

type Page = { items: PolicyVersion[]; next_cursor?: string | null };

/** Newest first, without their texts. */
export const versionsQuery = infiniteQueryOptions({
  queryKey: [...POLICIES_KEY, "versions"],
  queryFn: ({ pageParam }) =>
    unwrap(api().GET("/v1/admin/policies/versions", { params: { query: pageParam === "" ? {} : { cursor: pageParam } } })),
  initialPageParam: "",
  getNextPageParam: (page: Page) => page.next_cursor ?? undefined,
});

/** A stored version never changes. */
export const versionQuery = (number: number) =>
  queryOptions({
    queryKey: [...POLICIES_KEY, "version", number],
    queryFn: () => unwrap(api().GET("/v1/admin/policies/versions/{number}", { params: { path: { number } } })),
    staleTime: Infinity,
  });

/** What a text would change; nothing is stored. */
export const useSimulation = () =>
  useMutation({ mutationFn: (text: string) => unwrap(api().POST("/v1/admin/policies/simulate", { body: { text } })) });

export interface PoliciesToStore {
  text: string;
  reason: string;
  etag: string | null;
}

/** Stores a text over the version of `etag`. After a 412 what holds is read again. */
export function useStorePolicies() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ text, reason, etag }: PoliciesToStore) =>
      unwrapTagged(api().PUT("/v1/admin/policies", { params: { header: { "If-Match": etag ?? "" } }, body: { text, reason } })),
    onSuccess: (stored) => {
      queries.setQueryData(policiesQuery.queryKey, stored);
      return queries.invalidateQueries({ queryKey: versionsQuery.queryKey });
    },
    onError: (error) => {
      if (error instanceof ProblemError && error.status === 412) return queries.invalidateQueries({ queryKey: POLICIES_KEY });
      return undefined;
    },
  });
}
