/** Which models are offered to whom: what holds, and storing something else. */
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrapTagged } from "@/api/client";
import { ProblemError } from "@/api/problem";
import { modelsQuery } from "@/api/queries";
import type { ModelOfferToStore } from "@/api/types";

/** With the version that a change must name. */
export const modelOfferQuery = queryOptions({
  queryKey: ["admin", "models"],
  queryFn: () => unwrapTagged(api().GET("/v1/admin/models")),
});

/** Stores an offer over the version of `etag`. After a 412 what holds is read again. */
export function useStoreModelOffer() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ offer, etag }: { offer: ModelOfferToStore; etag: string | null }) =>
      unwrapTagged(api().PUT("/v1/admin/models", { params: { header: { "If-Match": etag ?? "" } }, body: offer })),
    onSuccess: (stored) => {
      queries.setQueryData(modelOfferQuery.queryKey, stored);
      return queries.invalidateQueries({ queryKey: modelsQuery.queryKey });
    },
    onError: (error) => {
      if (error instanceof ProblemError && error.status === 412) return queries.invalidateQueries({ queryKey: modelOfferQuery.queryKey });
      return undefined;
    },
  });
}
