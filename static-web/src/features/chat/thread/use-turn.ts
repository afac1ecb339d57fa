import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";

import type { Message } from "@/api/types";
import { hasEnded, type TurnLog, type TurnPhase } from "@/realtime/turn-log";
import { mayBePreviewing, snapshotLog, textLog, untoldCall, withFacts, withPreviewing } from "@/realtime/turn-snapshot";
import { follow, forget, useTurns } from "@/realtime/turns";

import { isOver, refreshTurn, turnQuery } from "../queries";

/** Turns whose text was looked for once more because the messages were older than the turn. */
const lookedAgain = new Set<string>();

/**
 * Follows a turn for as long as it is not over, and reads it and its messages again once it is.
 * Only what happens rarely is read here: the one who calls is not rendered for every event.
 */
export function useFollowedTurn(conversationId: string, turnId: string | undefined, fresh: boolean): void {
  const client = useQueryClient();
  const connection = useTurns((state) => (turnId === undefined ? undefined : state.connections[turnId]));
  const { data: turn } = useQuery({
    ...turnQuery(turnId ?? ""),
    enabled: turnId !== undefined,
    // Nothing is told any more of a turn whose events are gone.
    refetchInterval: ({ state }) => (connection === "expired" && state.data !== undefined && !isOver(state.data) ? 3_000 : false),
  });
  // What a failed or stopped turn had said is in its events only.
  const wanted = turnId !== undefined && (turn === undefined ? fresh : turn.status !== "done");
  useEffect(() => {
    if (!wanted) return;
    return follow(turnId);
  }, [wanted, turnId]);

  const over = connection === "ended" || connection === "expired";
  const known = turn !== undefined && isOver(turn);
  useEffect(() => {
    if (turnId !== undefined && over && !known) void refreshTurn(client, conversationId, turnId);
  }, [client, conversationId, turnId, over, known]);
}

/** Long enough for most reads to be over without anybody having to ask. */
const LOOK_AFTER_MS = 300;

/** What is shown of a turn: its events while it runs, what is stored of it afterwards. */
export function useTurnLog(conversationId: string, turnId: string, answers: readonly Message[], fresh: boolean): TurnLog {
  const client = useQueryClient();
  useFollowedTurn(conversationId, turnId, fresh);
  const { data: turn } = useQuery(turnQuery(turnId));
  const live = useTurns((state) => state.logs[turnId]);
  const lastText = answers.at(-1)?.step;
  const stored = useMemo(() => (turn === undefined ? textLog(turnId, answers) : snapshotLog(turn, answers)), [turn, turnId, answers]);

  const missing = turn?.status === "done" && lastText !== turn.step;
  useEffect(() => {
    if (!missing || lookedAgain.has(turnId)) return;
    lookedAgain.add(turnId);
    void refreshTurn(client, conversationId, turnId);
  }, [client, conversationId, turnId, missing]);

  const settled = turn?.status === "done" && !missing;
  useEffect(() => {
    if (settled) forget(turnId);
  }, [turnId, settled]);

  const unsure = live?.steps.at(-1)?.calls.find(mayBePreviewing)?.id;
  useEffect(() => {
    if (unsure === undefined) return;
    const timer = setTimeout(() => void client.invalidateQueries({ queryKey: turnQuery(turnId).queryKey }), LOOK_AFTER_MS);
    return () => clearTimeout(timer);
  }, [client, turnId, unsure]);
  const untold = live === undefined || turn === undefined ? undefined : untoldCall(live, turn);
  useEffect(() => {
    if (untold !== undefined) void client.invalidateQueries({ queryKey: turnQuery(turnId).queryKey });
  }, [client, turnId, untold]);
  const told = useMemo(() => (live === undefined || turn === undefined ? live : withFacts(withPreviewing(live, turn), turn)), [live, turn]);

  if (told === undefined || told.lastSeq === 0 || settled) return stored;
  if (turn === undefined || missing) return told;
  return told.lastSeq >= turn.event_seq || !isOver(turn) ? told : stored;
}

/** How far a turn is; changes a few times in its life. */
export function useTurnPhase(turnId: string | undefined): TurnPhase | undefined {
  const live = useTurns((state) => {
    const log = turnId === undefined ? undefined : state.logs[turnId];
    return log === undefined || log.lastSeq === 0 ? undefined : log.phase;
  });
  const { data: turn } = useQuery({ ...turnQuery(turnId ?? ""), enabled: turnId !== undefined });
  if (turn !== undefined && isOver(turn)) return turn.status as TurnPhase;
  return live ?? (turn === undefined ? undefined : snapshotLog(turn, []).phase);
}

export function isRunning(phase: TurnPhase | undefined): boolean {
  return phase !== undefined && !hasEnded({ phase } as TurnLog);
}
