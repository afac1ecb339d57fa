import { queryOptions } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import { problemOf } from "@/api/problem";
import type { Readiness } from "@/api/types";

/** The tool servers, what they may reach and what holds them back. */
export const healthQuery = queryOptions({
  queryKey: ["admin", "health"],
  queryFn: () => unwrap(api().GET("/v1/admin/health")),
});

/** Store, queue, models and tool servers; 503 has a report too. */
export const readinessQuery = queryOptions({
  queryKey: ["admin", "readiness"],
  queryFn: async (): Promise<Readiness> => {
    const { data, error, response } = await api().GET("/health/ready");
    if (data !== undefined) return data;
    if ("checks" in error) return error;
    throw await problemOf(new Response(JSON.stringify(error), { status: response.status, headers: response.headers }));
  },
});
