/** The three lists of the inbox, made of the two that the API has. */
import type { Approval } from "@/api/types";

import type { ApprovalList } from "./queries";

export const KINDS = ["pending", "decided", "lapsed"] as const;
export type Kind = (typeof KINDS)[number];

export const LIST_OF: Record<Kind, ApprovalList> = { pending: "pending", decided: "all", lapsed: "all" };

export function kindOf(state: Approval["state"]): Kind {
  switch (state) {
    case "pending":
      return "pending";
    case "approved":
    case "denied":
      return "decided";
    case "expired":
    case "cancelled":
    case "superseded":
      return "lapsed";
  }
}

export const toolName = (approval: Pick<Approval, "server" | "tool">) => `${approval.server}.${approval.tool}`;

/** Those whose tool, resource or asker holds every word of `words`. */
export function filtered(items: Approval[], words: string): Approval[] {
  const wanted = words.toLowerCase().split(/\s+/).filter((word) => word !== "");
  return items.filter((item) => {
    const text = [toolName(item), item.target ?? "", item.asker.name ?? "", JSON.stringify(item.arguments)].join(" ").toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}
