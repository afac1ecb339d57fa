/** The tool servers that the tenant added: all of them, adding or changing one, removing one. */
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrap, unwrapTagged } from "@/api/client";
import { ProblemError } from "@/api/problem";
import type { AddedServerToSet } from "@/api/types";

const SERVERS_KEY = ["admin", "servers"] as const;

/** With the version that a change must name. */
export const serversQuery = queryOptions({
  queryKey: SERVERS_KEY,
  queryFn: () => unwrapTagged(api().GET("/v1/admin/servers")),
});

export const isStale = (error: unknown) => error instanceof ProblemError && error.status === 412;

/** After a change the list is read again, and after a 412 too. */
export function useSetServer() {
  const queries = useQueryClient();
  const again = () => queries.invalidateQueries({ queryKey: SERVERS_KEY });
  return useMutation({
    mutationFn: ({ name, server, etag }: { name: string; server: AddedServerToSet; etag: string | null }) =>
      unwrapTagged(api().PUT("/v1/admin/servers/{name}", { params: { path: { name }, header: { "If-Match": etag ?? "" } }, body: server })),
    onSuccess: again,
    onError: (error) => (isStale(error) ? again() : undefined),
  });
}

export function useRemoveServer() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ name, etag }: { name: string; etag: string | null }) => {
      await unwrap<unknown>(api().DELETE("/v1/admin/servers/{name}", { params: { path: { name }, header: { "If-Match": etag ?? "" } } }));
    },
    onSettled: () => queries.invalidateQueries({ queryKey: SERVERS_KEY }),
  });
}
