import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";

import { NetworkError, ProblemError } from "@/api/problem";
import { useSession } from "@/auth/session";

/** A 401 that a renewed token did not help: the person must sign in again. */
const onError = (error: unknown) => {
  if (error instanceof ProblemError && error.status === 401) useSession.setState({ status: "ended" });
};

export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // A refusal stays a refusal; only what may pass by itself is asked again.
      retry: (failures, error) =>
        failures < 2 && (error instanceof NetworkError || (error instanceof ProblemError && error.status >= 500)),
    },
  },
});
