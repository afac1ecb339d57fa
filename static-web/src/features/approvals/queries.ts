/** Approvals as the API tells them: the inbox, one by its id, and the decision. */
import { infiniteQueryOptions, queryOptions, useInfiniteQuery, useMutation, useQuery, useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { useRef } from "react";

import { api, idempotencyKey, unwrap } from "@/api/client";
import { ProblemError } from "@/api/problem";
import { useMe } from "@/api/queries";
import type { Approval, Me } from "@/api/types";

export type ApprovalList = "pending" | "all";
type Page = { items: Approval[]; next_cursor?: string | null };

export const APPROVALS_KEY = ["approvals"] as const;
/** What a yes for longer leaves behind. */
export const GRANTS_KEY = ["grants"] as const;
const POLL_MS = 20_000;

/** The inbox, newest first; asked again while the page is looked at. */
export const approvalsQuery = (state: ApprovalList) =>
  infiniteQueryOptions({
    queryKey: [...APPROVALS_KEY, "list", state],
    queryFn: ({ pageParam }) =>
      unwrap(api().GET("/v1/approvals", { params: { query: { state, ...(pageParam === "" ? {} : { cursor: pageParam }) } } })),
    initialPageParam: "",
    getNextPageParam: (page: Page) => page.next_cursor ?? undefined,
    refetchInterval: POLL_MS,
  });

export const approvalQuery = (id: string) =>
  queryOptions({
    queryKey: [...APPROVALS_KEY, "one", id],
    queryFn: () => unwrap(api().GET("/v1/approvals/{id}", { params: { path: { id } } })),
    staleTime: 5_000,
  });

export const useApprovals = (state: ApprovalList) => useInfiniteQuery(approvalsQuery(state));

/** One approval. `undefined` asks for none. */
export const useApproval = (id: string | undefined) =>
  useQuery({
    ...approvalQuery(id ?? ""),
    enabled: id !== undefined,
    refetchInterval: ({ state }) => lookAgainMs(state.data, Date.now()),
  });

const LOOK_AGAIN_MS = 3_000;
/** After a yes it is read again what the call would do, which takes up to 10 s, and then it runs. */
const UNSETTLED_MS = 20_000;

/** When to look again at an approval that may be asked for anew without anybody deciding. */
export function lookAgainMs(approval: Approval | undefined, now: number): number | false {
  const unsettled =
    approval?.state === "superseded"
      ? Date.parse(approval.expires_at) > now
      : approval?.state === "approved" && approval.decision != null && Date.parse(approval.decision.at) + UNSETTLED_MS > now;
  return unsettled && LOOK_AGAIN_MS;
}

/** An approval that is known to be decided: asked for until the answer says by whom. */
export const useDecided = (id: string) =>
  useQuery({ ...approvalQuery(id), refetchInterval: (query) => (query.state.data?.state === "pending" ? 2_000 : false) });

/** How many approvals wait for the person who is signed in; for a number beside "Approvals". */
export function usePendingApprovals(): number {
  const me = useMe().data;
  const { data } = useInfiniteQuery({
    ...approvalsQuery("pending"),
    enabled: me !== undefined,
    select: (found: InfiniteData<Page>) => found.pages.flatMap((page) => page.items).filter((item) => mayDecide(item, me)).length,
  });
  return data ?? 0;
}

/** Whether the policy leaves this decision to `me`. The API has the last word. */
export function mayDecide(approval: Pick<Approval, "by" | "asker">, me: Pick<Me, "oid" | "permissions"> | undefined): boolean {
  if (me === undefined) return false;
  const isAsker = approval.asker.oid === me.oid;
  return approval.by === "asker" ? isAsker : !isAsker && me.permissions.includes("approvals.decide");
}

export interface Decision {
  decision: "approve" | "deny";
  reason: string | null;
  /** Of the call as it was shown. */
  digest: string;
  /** A yes that counts for later calls too. */
  remember?: "conversation";
}

export interface DecisionWatch {
  onDecided(decision: Decision["decision"]): void;
  /** It was too late: somebody or something has ended this approval already, or it is another one now. */
  onOver(why: "expired" | "decided" | "cancelled" | "drifted"): void;
}

const OVER = { approval_expired: "expired", approval_decided: "decided", approval_cancelled: "cancelled", approval_drifted: "drifted" } as const;

/** Decides. A second try of the same decision, after no answer came, is the same request. */
export function useDecide(id: string, watch: DecisionWatch) {
  const queries = useQueryClient();
  const intent = useRef({ body: "", key: "" });
  return useMutation({
    mutationFn: (body: Decision) => {
      const text = JSON.stringify(body);
      if (intent.current.body !== text) intent.current = { body: text, key: idempotencyKey() };
      return unwrap(
        api().POST("/v1/approvals/{id}/decision", {
          params: { path: { id } },
          headers: { "Idempotency-Key": intent.current.key },
          body: { ...body, decision: body.decision as never },
        }),
      );
    },
    // Of the mutation, not of one call of it: the form is gone as soon as the data say so.
    onSuccess: (decided, { decision }) => {
      queries.setQueryData(approvalQuery(id).queryKey, decided);
      watch.onDecided(decision);
    },
    onError: (error) => {
      if (error instanceof ProblemError && error.code in OVER) watch.onOver(OVER[error.code as keyof typeof OVER]);
    },
    // Also after a refusal: what is shown was not what is.
    onSettled: () => Promise.all([APPROVALS_KEY, GRANTS_KEY].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  });
}
