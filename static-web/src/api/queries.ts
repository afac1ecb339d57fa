/** What several features ask for. */
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, unwrap, unwrapTagged } from "./client";
import { ProblemError } from "./problem";
import { isOverwrite } from "./settings-change";
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

/**
 * Changes some settings. A version that moved for another reason is read again; only when the
 * same setting was changed elsewhere does the 412 reach the caller, who shows the present value.
 */
export function useChangeSettings() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (patch: SettingsPatch) => {
      const seen = await queries.ensureQueryData(settingsQuery);
      try {
        return await patchSettings(patch, seen.etag);
      } catch (error) {
        if (!(error instanceof ProblemError && error.status === 412)) throw error;
        const current = await queries.fetchQuery({ ...settingsQuery, staleTime: 0 });
        if (isOverwrite(seen.value, current.value, patch)) throw error;
        return patchSettings(patch, current.etag);
      }
    },
    onSuccess: (saved) => queries.setQueryData(settingsQuery.queryKey, saved),
    onError: () => queries.invalidateQueries({ queryKey: settingsQuery.queryKey }),
  });
}

const patchSettings = (patch: SettingsPatch, etag: string | null) =>
  unwrapTagged(api().PATCH("/v1/settings", { params: { header: { "If-Match": etag ?? "*" } }, body: patch }));
