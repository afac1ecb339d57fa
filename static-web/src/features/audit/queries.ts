/** Audit records and how far they are sealed. An auditor's reading is itself recorded, so nothing is read again by itself. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { api, apiUrl, authorizedFetch, unwrap } from "@/api/client";
import { problemOf } from "@/api/problem";
import type { AuditRecord } from "@/api/types";

import { queryOf, type Filter } from "./filter";

const ONCE = { staleTime: Infinity, refetchOnWindowFocus: false, refetchOnReconnect: false } as const;
const PAGE = 50;

export const AUDIT_KEY = ["audit"] as const;

type Page = { items: AuditRecord[]; next_cursor?: string | null };

/** Newest first. */
export const recordsQuery = (filter: Filter) =>
  infiniteQueryOptions({
    queryKey: [...AUDIT_KEY, "list", filter],
    queryFn: ({ pageParam }) =>
      unwrap(api().GET("/v1/audit", { params: { query: { ...queryOf(filter, new Date()), limit: PAGE, ...(pageParam === "" ? {} : { cursor: pageParam }) } } })),
    initialPageParam: "",
    getNextPageParam: (page: Page) => page.next_cursor ?? undefined,
    ...ONCE,
  });

export const recordQuery = (id: string) =>
  queryOptions({ queryKey: [...AUDIT_KEY, "one", id], queryFn: () => unwrap(api().GET("/v1/audit/{id}", { params: { path: { id } } })), ...ONCE });

/** Digests that are compared at once. */
export const DIGESTS = 100;

export const digestsQuery = queryOptions({
  queryKey: [...AUDIT_KEY, "digests"],
  queryFn: () => unwrap(api().GET("/v1/audit/digests", { params: { query: { limit: DIGESTS } } })),
  ...ONCE,
});

export type ExportFormat = "ndjson" | "csv";

/** All records that fit, as a file. */
export async function exportRecords(filter: Filter, format: ExportFormat): Promise<Blob> {
  const query = new URLSearchParams({ format, ...queryOf(filter, new Date()) });
  const response = await authorizedFetch(new Request(apiUrl(`/v1/audit/export?${query}`)));
  if (!response.ok) throw await problemOf(response);
  return response.blob();
}
