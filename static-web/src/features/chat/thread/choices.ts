import { create } from "zustand";

import type { BranchChoices } from "./tree";

const key = (conversationId: string) => `azimuth.branches.${conversationId}`;

interface ChoiceState {
  byConversation: Record<string, BranchChoices>;
}

/** Which branches are shown, for as long as this tab lives. */
const useChoices = create<ChoiceState>(() => ({ byConversation: {} }));

const NONE: BranchChoices = {};

function stored(conversationId: string): BranchChoices {
  try {
    const value: unknown = JSON.parse(sessionStorage.getItem(key(conversationId)) ?? "null");
    return typeof value === "object" && value !== null ? (value as BranchChoices) : NONE;
  } catch {
    return NONE;
  }
}

export function useBranchChoices(conversationId: string): BranchChoices {
  const known = useChoices((state) => state.byConversation[conversationId]);
  if (known !== undefined) return known;
  const found = stored(conversationId);
  useChoices.getState().byConversation[conversationId] = found;
  return found;
}

export function chooseBranch(conversationId: string, place: string, turnId: string): void {
  const now = useChoices.getState().byConversation[conversationId] ?? stored(conversationId);
  const next = { ...now, [place]: turnId };
  sessionStorage.setItem(key(conversationId), JSON.stringify(next));
  useChoices.setState((state) => ({ byConversation: { ...state.byConversation, [conversationId]: next } }));
}
