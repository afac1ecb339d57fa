/** Changes of a conversation's header. A list has no versions, so each change reads one first. */
import { api, unwrap, unwrapTagged } from "@/api/client";
import { ProblemError } from "@/api/problem";
import type { Conversation } from "@/api/types";

export type Tagged = { value: Conversation; etag: string | null };
export type ConversationChange = { title: string } | { pinned: boolean };

export function readConversation(id: string): Promise<Tagged> {
  return unwrapTagged(api().GET("/v1/conversations/{id}", { params: { path: { id } } }));
}

const patch = (id: string, etag: string | null, body: ConversationChange): Promise<Tagged> =>
  unwrapTagged(api().PATCH("/v1/conversations/{id}", { params: { path: { id }, header: { "If-Match": etag ?? "*" } }, body }));

/**
 * Changes what the person saw as `seen`. A turn that runs moves the version too: only when
 * somebody else changed the same field in between does the 412 reach the caller.
 */
export async function changeConversation(seen: Conversation, change: ConversationChange): Promise<Conversation> {
  for (let attempt = 0; ; attempt += 1) {
    const current = await readConversation(seen.id);
    if (isOverwrite(seen, current.value, change)) throw staleProblem();
    try {
      return (await patch(seen.id, current.etag, change)).value;
    } catch (error) {
      if (!(error instanceof ProblemError && error.status === 412) || attempt >= MAX_REPEATS) throw error;
    }
  }
}

const MAX_REPEATS = 3;

/** Whether `change` would undo what somebody else did since `seen`. */
export function isOverwrite(seen: Conversation, current: Conversation, change: ConversationChange): boolean {
  if ("title" in change) return current.title !== seen.title && current.title !== change.title;
  return false;
}

function staleProblem(): ProblemError {
  return new ProblemError({ type: "about:blank", title: "", detail: "", status: 412, code: "if_match_stale", request_id: "" });
}

export async function deleteConversation(id: string): Promise<void> {
  await unwrap(api().DELETE("/v1/conversations/{id}", { params: { path: { id } } }));
}

export function restoreConversation(id: string): Promise<Conversation> {
  return unwrap(api().POST("/v1/conversations/{id}/restore", { params: { path: { id } } }));
}
