import { create } from "zustand";

import { api, unwrap } from "@/api/client";
import { ProblemError } from "@/api/problem";

/** Turns that the person has stopped; the screen is idle before the API has answered. */
export const useStopping = create<{ turns: Readonly<Record<string, true>> }>(() => ({ turns: {} }));

/** Throws when the turn could not be stopped and goes on. */
export async function stopTurn(turnId: string): Promise<void> {
  if (useStopping.getState().turns[turnId] === true) return;
  useStopping.setState(({ turns }) => ({ turns: { ...turns, [turnId]: true } }));
  try {
    await unwrap(api().POST("/v1/turns/{id}/cancel", { params: { path: { id: turnId } } }));
  } catch (error) {
    if (error instanceof ProblemError && error.code === "turn_ended") return;
    useStopping.setState(({ turns: { [turnId]: _stopped, ...turns } }) => ({ turns }));
    throw error;
  }
}
