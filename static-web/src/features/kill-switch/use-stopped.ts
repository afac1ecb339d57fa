import { useQuery } from "@tanstack/react-query";

import { meQuery } from "@/api/queries";
import type { KillSwitchNotice } from "@/api/types";
import { useSession } from "@/auth/session";

/** The switch may be turned while a page stands open. */
const POLL_MS = 30_000;

/** What administrators have stopped; `null`: nothing. */
export function useStopped(): KillSwitchNotice | null {
  const signedIn = useSession((state) => state.status === "signed_in");
  const { data } = useQuery({ ...meQuery, enabled: signedIn, refetchInterval: POLL_MS });
  return data?.kill_switch ?? null;
}
