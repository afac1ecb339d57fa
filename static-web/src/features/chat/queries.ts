/** What the chat reads from the API. */
import { queryOptions, type QueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import type { Message, Turn } from "@/api/types";

import { mergeMessages, type LoadedMessages } from "./thread/messages";

/** The header of a conversation; asked again now and then, so that another device's turn is seen. */
export const conversationQuery = (id: string) =>
  queryOptions({
    queryKey: ["conversation", id],
    queryFn: () => unwrap(api().GET("/v1/conversations/{id}", { params: { path: { id } } })),
    refetchInterval: 15_000,
  });

const PAGE = 100;

/** Messages never change, so a later reading fetches only what is new. */
export const messagesQuery = (id: string) =>
  queryOptions({
    queryKey: ["messages", id],
    queryFn: async ({ client, queryKey }): Promise<LoadedMessages> => {
      let known = client.getQueryData<LoadedMessages>(queryKey);
      let cursor: string | undefined;
      for (;;) {
        const page = await messagePage(id, cursor);
        const merged = mergeMessages(known, page.items, page.next_cursor ?? null);
        known = merged.loaded;
        if (merged.contiguous) return known;
        cursor = page.next_cursor ?? undefined;
      }
    },
    staleTime: 30_000,
  });

/** One page further back. */
export async function loadOlder(client: QueryClient, id: string): Promise<void> {
  const { queryKey } = messagesQuery(id);
  const known = client.getQueryData<LoadedMessages>(queryKey);
  if (known?.olderCursor == null) return;
  const page = await messagePage(id, known.olderCursor);
  client.setQueryData<LoadedMessages>(queryKey, (now) =>
    now === undefined ? now : { items: [...page.items.toReversed(), ...now.items], olderCursor: page.next_cursor ?? null },
  );
}

function messagePage(id: string, cursor: string | undefined) {
  return unwrap(
    api().GET("/v1/conversations/{id}/messages", {
      params: { path: { id }, query: { limit: PAGE, ...(cursor === undefined ? {} : { cursor }) } },
    }),
  );
}

/** A turn; one that has ended never changes any more. */
export const turnQuery = (id: string) =>
  queryOptions({
    queryKey: ["turn", id],
    queryFn: () => unwrap(api().GET("/v1/turns/{id}", { params: { path: { id } } })),
    staleTime: ({ state }) => (state.data !== undefined && isOver(state.data) ? Infinity : 0),
  });

export function isOver(turn: Turn): boolean {
  return turn.status === "done" || turn.status === "failed" || turn.status === "cancelled";
}

/** Reads again what a turn has changed: its text, itself, the titles of the list. */
export async function refreshTurn(client: QueryClient, conversationId: string, turnId: string): Promise<void> {
  void client.invalidateQueries({ queryKey: conversationQuery(conversationId).queryKey });
  void client.invalidateQueries({ queryKey: ["conversations"] });
  // In this order: a turn that is over is shown by its messages.
  await client.refetchQueries({ queryKey: messagesQuery(conversationId).queryKey });
  await client.invalidateQueries({ queryKey: turnQuery(turnId).queryKey });
}

/** Shows a question before the API has given it back. */
export function addMessage(client: QueryClient, conversationId: string, message: Message): void {
  client.setQueryData<LoadedMessages>(messagesQuery(conversationId).queryKey, (now) => ({
    items: [...(now?.items ?? []), message],
    olderCursor: now?.olderCursor ?? null,
  }));
}
