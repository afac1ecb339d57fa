/** The tenant of whoever administers: who vouches for its people, and what it has settled. */
import { queryOptions } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";

export const tenantsQuery = queryOptions({
  queryKey: ["admin", "tenants"],
  queryFn: () => unwrap(api().GET("/v1/admin/tenants")),
});
