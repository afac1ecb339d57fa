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

export interface Filters {
  /** `server.tool`; empty for all. */
  tool: string;
  /** Object id; empty for all. */
  asker: string;
}

export const NO_FILTERS: Filters = { tool: "", asker: "" };

export const toolName = (approval: Pick<Approval, "server" | "tool">) => `${approval.server}.${approval.tool}`;

export function filtered(items: Approval[], filters: Filters): Approval[] {
  return items.filter(
    (item) => (filters.tool === "" || toolName(item) === filters.tool) && (filters.asker === "" || item.asker.oid === filters.asker),
  );
}

/** What can be chosen from what is there, each once, by name. */
export function choices(items: Approval[]): { tools: string[]; askers: { oid: string; name: string }[] } {
  const askers = new Map(items.map(({ asker }) => [asker.oid, asker.name ?? asker.oid]));
  return {
    tools: [...new Set(items.map(toolName))].sort(),
    askers: [...askers].map(([oid, name]) => ({ oid, name })).sort((a, b) => a.name.localeCompare(b.name)),
  };
}
