import { QueryClient } from "@tanstack/react-query";

import { NetworkError, ProblemError } from "@/api/problem";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // A refusal stays a refusal; only what may pass by itself is asked again.
      retry: (failures, error) =>
        failures < 2 && (error instanceof NetworkError || (error instanceof ProblemError && error.status >= 500)),
    },
  },
});
