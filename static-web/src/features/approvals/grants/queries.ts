/** The approvals that a conversation keeps: each spares another yes until it ends or is taken back. */
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";

import { GRANTS_KEY } from "../queries";

/** All that count now, oldest first. */
export const grantsQuery = (conversation: string) =>
  queryOptions({
    queryKey: [...GRANTS_KEY, conversation],
    queryFn: () => unwrap(api().GET("/v1/conversations/{id}/grants", { params: { path: { id: conversation } } })),
    staleTime: 0,
  });

export function useTakeBack(conversation: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (grant: string) => {
      await unwrap<unknown>(api().DELETE("/v1/conversations/{id}/grants/{grant_id}", { params: { path: { id: conversation, grant_id: grant } } }));
    },
    // Also when it was gone already.
    onSettled: () => queries.invalidateQueries({ queryKey: grantsQuery(conversation).queryKey }),
  });
}
