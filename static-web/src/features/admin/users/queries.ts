/** People of the tenant as administrators see them. */
import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrap, unwrapTagged } from "@/api/client";
import { ProblemError } from "@/api/problem";
import { meQuery } from "@/api/queries";
import type { User, UserPatch } from "@/api/types";

export const STATUSES = ["active", "pending", "disabled"] as const;
export type Status = (typeof STATUSES)[number];

/** As the API orders them. */
export const ROLES = ["reader", "operator", "approver", "auditor", "admin"] as const;

const USERS_KEY = ["admin", "users"] as const;

export interface UserFilter {
  /** Words that must all occur in name or object id. */
  words: string;
  status: Status | null;
}

type Page = { items: User[]; next_cursor?: string | null };

export const usersQuery = ({ words, status }: UserFilter) =>
  infiniteQueryOptions({
    queryKey: [...USERS_KEY, "list", words, status],
    queryFn: ({ pageParam }) =>
      unwrap(
        api().GET("/v1/admin/users", {
          params: {
            query: {
              ...(words === "" ? {} : { q: words }),
              ...(status === null ? {} : { status }),
              ...(pageParam === "" ? {} : { cursor: pageParam }),
            },
          },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page: Page) => page.next_cursor ?? undefined,
  });

/** One of them, with the version that a change must name. */
export const userQuery = (oid: string) =>
  queryOptions({
    queryKey: [...USERS_KEY, "one", oid],
    queryFn: () => unwrapTagged(api().GET("/v1/admin/users/{oid}", { params: { path: { oid } } })),
  });

/** Changes a person as they were when `etag` was read. After a 412 they are read again. */
export function useChangeUser(oid: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ patch, etag }: { patch: UserPatch; etag: string | null }) =>
      unwrapTagged(api().PATCH("/v1/admin/users/{oid}", { params: { path: { oid }, header: { "If-Match": etag ?? "" } }, body: patch })),
    onSuccess: (saved) => {
      queries.setQueryData(userQuery(oid).queryKey, saved);
      // It may be oneself.
      void queries.invalidateQueries({ queryKey: meQuery.queryKey });
      return queries.invalidateQueries({ queryKey: [...USERS_KEY, "list"] });
    },
    onError: (error) => {
      if (isStale(error)) return queries.invalidateQueries({ queryKey: USERS_KEY });
      return undefined;
    },
  });
}

export const isStale = (error: unknown) => error instanceof ProblemError && error.status === 412;

/** Where a person is signed in. */
export const sessionsQuery = (oid: string) =>
  infiniteQueryOptions({
    queryKey: [...USERS_KEY, "sessions", oid],
    queryFn: ({ pageParam }) =>
      unwrap(api().GET("/v1/admin/users/{oid}/sessions", { params: { path: { oid }, query: pageParam === "" ? {} : { cursor: pageParam } } })),
    initialPageParam: "",
    getNextPageParam: (page: { next_cursor?: string | null }) => page.next_cursor ?? undefined,
  });

export function useRevokeSession(oid: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrapNothing(api().DELETE("/v1/admin/users/{oid}/sessions/{id}", { params: { path: { oid, id } } })),
    onSettled: () => queries.invalidateQueries({ queryKey: sessionsQuery(oid).queryKey }),
  });
}

export function useSignOutUser(oid: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => unwrapNothing(api().DELETE("/v1/admin/users/{oid}/sessions", { params: { path: { oid } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: USERS_KEY }),
  });
}

async function unwrapNothing(result: Promise<{ data?: unknown; response: Response; error?: unknown }>): Promise<void> {
  await unwrap(result);
}
