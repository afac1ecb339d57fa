/** How much the turn of the next question may do without a person, per conversation. */
import { useQuery } from "@tanstack/react-query";
import { Eye, ShieldCheck, Zap, type LucideIcon } from "lucide-react";
import { create } from "zustand";

import type { Mode } from "@/api/types";

import { turnQuery } from "../queries";

/** From the one that may least to the one that may most. */
export const MODES = ["read_only", "review", "autonomous"] as const satisfies readonly Mode[];

export const MODE_ICONS: Record<Mode, LucideIcon> = { read_only: Eye, review: ShieldCheck, autonomous: Zap };

/** What the API takes where nobody names one. */
const STANDARD: Mode = "review";

const key = (slot: string) => `azimuth.mode.${slot}`;

const useChosen = create<{ bySlot: Record<string, Mode | null> }>(() => ({ bySlot: {} }));

/** What was chosen in this tab; `null`: nothing. */
export function chosenMode(slot: string): Mode | null {
  const known = useChosen.getState().bySlot[slot];
  return known === undefined ? readMode(sessionStorage.getItem(key(slot))) : known;
}

export function readMode(value: string | null): Mode | null {
  return MODES.find((mode) => mode === value) ?? null;
}

/** The mode of the next question: what was chosen in this tab, else what the newest turn had. */
export function useMode(slot: string, newestTurn?: string): Mode {
  const chosen = useChosen((state) => state.bySlot[slot]);
  const { data: turn } = useQuery({ ...turnQuery(newestTurn ?? ""), enabled: false });
  return (chosen === undefined ? chosenMode(slot) : chosen) ?? turn?.mode ?? STANDARD;
}

export function chooseMode(slot: string, mode: Mode | null): void {
  if (mode === null) sessionStorage.removeItem(key(slot));
  else sessionStorage.setItem(key(slot), mode);
  useChosen.setState(({ bySlot }) => ({ bySlot: { ...bySlot, [slot]: mode } }));
}

/** A conversation that has just been made goes on with what was chosen for it; the next new one begins anew. */
export function handOverMode(from: string, to: string): void {
  const mode = chosenMode(from);
  if (mode === null) return;
  chooseMode(to, mode);
  chooseMode(from, null);
}
