/** The limits of the tenant: what holds, and storing others. */
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrapTagged } from "@/api/client";
import { ProblemError } from "@/api/problem";
import { meQuery } from "@/api/queries";
import type { QuotasToStore } from "@/api/types";

/** With the version that a change must name. */
export const quotasQuery = queryOptions({
  queryKey: ["admin", "quotas"],
  queryFn: () => unwrapTagged(api().GET("/v1/admin/quotas")),
});

/** Stores limits over the version of `etag`. After a 412 what holds is read again. */
export function useStoreQuotas() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ limits, etag }: { limits: QuotasToStore; etag: string | null }) =>
      unwrapTagged(api().PUT("/v1/admin/quotas", { params: { header: { "If-Match": etag ?? "" } }, body: limits })),
    onSuccess: (stored) => {
      queries.setQueryData(quotasQuery.queryKey, stored);
      return queries.invalidateQueries({ queryKey: meQuery.queryKey });
    },
    onError: (error) => {
      if (error instanceof ProblemError && error.status === 412) return queries.invalidateQueries({ queryKey: quotasQuery.queryKey });
      return undefined;
    },
  });
}
