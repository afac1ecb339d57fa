import { Boxes, Database, Layers, Power, Server, SquarePlus, type LucideIcon } from "lucide-react";

import type { Effect } from "@/api/types";

export interface Suggestion {
  /** Key of its texts below `suggestion`. */
  id: string;
  icon: LucideIcon;
  effect: Effect;
}

/** What one can begin with: first what only looks, then what changes something and is asked about. */
export const SUGGESTIONS: readonly Suggestion[] = [
  { id: "storage", icon: Database, effect: "read_only" },
  { id: "machines", icon: Server, effect: "read_only" },
  { id: "groups", icon: Boxes, effect: "read_only" },
  { id: "subscriptions", icon: Layers, effect: "read_only" },
  { id: "create_storage", icon: SquarePlus, effect: "mutating" },
  { id: "delete_machine", icon: Power, effect: "destructive" },
];
