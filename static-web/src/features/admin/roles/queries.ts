/** The roles that a person can have, and what each permits. */
import { queryOptions } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";

export const rolesQuery = queryOptions({
  queryKey: ["admin", "roles"],
  queryFn: () => unwrap(api().GET("/v1/admin/roles")),
  // They change with a version of the service only.
  staleTime: Infinity,
});
