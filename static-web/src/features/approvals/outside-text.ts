/**
 * Whether the assistant had read what tools said before it asked for a change. The API keeps that
 * to itself; what is shown of the conversation tells it as far as it has been loaded.
 */
import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { createContext, useContext } from "react";

import type { Turn } from "@/api/types";
import { turnQuery } from "@/features/chat/queries";
import type { CallLog, StepLog } from "@/realtime/turn-log";

export interface Before {
  /** Ids of the turns above on the shown branch. */
  turns: readonly string[];
  /** Of the turn itself. */
  steps: readonly StepLog[];
}

/** What stands before a call. */
export const BeforeCall = createContext<Before>({ turns: [], steps: [] });

export function useReadsOutside(call: CallLog): boolean {
  const client = useQueryClient();
  const { turns, steps } = useContext(BeforeCall);
  if (call.effect === "read_only") return false;
  return readsOutside(call, steps) || turns.some((id) => hasSaid(turnOf(client, id)));
}

const SAID: ReadonlySet<string> = new Set(["ok", "error", "unknown"]);

/** Whether a tool has answered in an earlier step. */
export function readsOutside(call: Pick<CallLog, "step">, steps: readonly StepLog[]): boolean {
  return steps.some((step) => step.step < call.step && step.calls.some((earlier) => SAID.has(earlier.status)));
}

const turnOf = (client: QueryClient, id: string) => client.getQueryData<Turn>(turnQuery(id).queryKey);

function hasSaid(turn: Turn | undefined): boolean {
  return turn?.calls.some((call) => call.outcome != null && SAID.has(call.outcome)) === true;
}
