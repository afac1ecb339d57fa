/** What several features ask for. */
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, unwrap, unwrapTagged } from "./client";
import type { SettingsPatch } from "./types";

export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: () => unwrap(api().GET("/v1/me")),
  staleTime: 60_000,
});

export const settingsQuery = queryOptions({
  queryKey: ["settings"],
  queryFn: () => unwrapTagged(api().GET("/v1/settings")),
  staleTime: 60_000,
});

export const modelsQuery = queryOptions({
  queryKey: ["models"],
  queryFn: () => unwrap(api().GET("/v1/models")),
  staleTime: 300_000,
});

export const subscriptionsQuery = queryOptions({
  queryKey: ["subscriptions"],
  queryFn: () => unwrap(api().GET("/v1/subscriptions")),
  staleTime: 300_000,
});

export const useMe = () => useQuery(meQuery);
export const useSettings = () => useQuery(settingsQuery);
export const useModels = () => useQuery(modelsQuery);
export const useSubscriptions = () => useQuery(subscriptionsQuery);

/** Changes some settings; another tab's change in between is a 412 that the caller shows. */
export function useChangeSettings() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (patch: SettingsPatch) => {
      const current = await queries.ensureQueryData(settingsQuery);
      return unwrapTagged(
        api().PATCH("/v1/settings", { params: { header: { "If-Match": current.etag ?? "*" } }, body: patch }),
      );
    },
    onSuccess: (saved) => queries.setQueryData(settingsQuery.queryKey, saved),
    onError: () => queries.invalidateQueries({ queryKey: settingsQuery.queryKey }),
  });
}
