/**
 * Questions on their way to the API. One intent has one idempotency key, also when it is tried
 * again; nothing is ever sent by itself.
 */
import type { QueryClient } from "@tanstack/react-query";
import { create } from "zustand";

import { api, idempotencyKey, unwrap } from "@/api/client";
import type { components } from "@/api/schema";
import type { Mode } from "@/api/types";

import { handOverMode } from "./mode/modes";
import { chooseBranch } from "./thread/choices";
import { PROVISIONAL } from "./thread/messages";
import { addMessage, conversationQuery, messagesQuery } from "./queries";

type AcceptedTurn = components["schemas"]["AcceptedTurn"];

/** The outbox of the page on which no conversation exists yet. */
export const NEW = "new";

export interface Question {
  text: string;
  /** What it answers; a question's id makes an alternative of that question. */
  parent: string | undefined;
  /** Where its turn will stand among the branches. */
  place: string | undefined;
  /** What the provisional message answers: the parent of the question that it is an alternative of. */
  answers: string | null;
  /** How much its turn may do without a person. */
  mode: Mode;
}

export interface Outgoing extends Question {
  key: string;
  phase: "sending" | "failed";
  error: unknown;
  at: string;
}

interface OutboxState {
  bySlot: Record<string, Outgoing | undefined>;
}

const useOutbox = create<OutboxState>(() => ({ bySlot: {} }));

export function useOutgoing(slot: string): Outgoing | undefined {
  return useOutbox((state) => state.bySlot[slot]);
}

/** What was not sent, for the composer; nothing is shown of it any more. */
export function dismissOutgoing(slot: string): void {
  put(slot, undefined);
}

/** The keys of rows: a question keeps its place on the screen when it gets its turn. */
const rowKeys = new Map<string, string>();

export function rowKey(turnId: string): string {
  return rowKeys.get(turnId) ?? turnId;
}

/** The conversation that a first question made although the question itself failed. */
let firstConversation: { key: string; id: string } | undefined;

/**
 * Sends a question; gives the conversation, or `null` when it failed, which the outbox shows.
 * The same question again is the same intent.
 */
export async function send(client: QueryClient, slot: string, question: Question): Promise<string | null> {
  const before = useOutbox.getState().bySlot[slot];
  if (before?.phase === "sending") return null;
  const same = before !== undefined && before.text === question.text && before.parent === question.parent && before.mode === question.mode;
  const outgoing: Outgoing = {
    ...question,
    key: same ? before.key : idempotencyKey(),
    phase: "sending",
    error: null,
    at: new Date().toISOString(),
  };
  put(slot, outgoing);
  try {
    const conversationId = slot === NEW ? await makeConversation(client, outgoing.key) : slot;
    const accepted = await unwrap(
      api().POST("/v1/conversations/{id}/turns", {
        params: { path: { id: conversationId }, header: { "Idempotency-Key": outgoing.key } },
        body: { text: question.text, mode: question.mode, ...(question.parent === undefined ? {} : { parent_message_id: question.parent }) },
      }),
    );
    // Asked without `Accept: text/event-stream`, the answer is never the stream.
    const { turn_id } = accepted as AcceptedTurn;
    accept(client, slot, conversationId, turn_id, outgoing);
    return conversationId;
  } catch (error) {
    put(slot, { ...outgoing, phase: "failed", error });
    return null;
  }
}

function accept(client: QueryClient, slot: string, conversationId: string, turnId: string, outgoing: Outgoing): void {
  rowKeys.set(turnId, outgoing.key);
  addMessage(client, conversationId, {
    id: PROVISIONAL + turnId,
    author: "user",
    text: outgoing.text,
    at: outgoing.at,
    turn_id: turnId,
    parent_message_id: outgoing.answers,
  });
  if (outgoing.place !== undefined) chooseBranch(conversationId, outgoing.place, turnId);
  if (slot === NEW) handOverMode(NEW, conversationId);
  put(slot, undefined);
  firstConversation = undefined;
  void client.invalidateQueries({ queryKey: messagesQuery(conversationId).queryKey });
  void client.invalidateQueries({ queryKey: conversationQuery(conversationId).queryKey });
  void client.invalidateQueries({ queryKey: ["conversations"] });
}

async function makeConversation(client: QueryClient, key: string): Promise<string> {
  if (firstConversation?.key === key) return firstConversation.id;
  const made = await unwrap(
    api().POST("/v1/conversations", { params: { header: { "Idempotency-Key": key } }, body: {} }),
  );
  firstConversation = { key, id: made.id };
  client.setQueryData(conversationQuery(made.id).queryKey, made);
  return made.id;
}

function put(slot: string, outgoing: Outgoing | undefined): void {
  useOutbox.setState((state) => ({ bySlot: { ...state.bySlot, [slot]: outgoing } }));
}
