/** What the sidebar leads to, beside the conversations. Later pages are one line each. */
import { Inbox, Settings, type LucideIcon } from "lucide-react";

import { usePendingApprovals } from "@/features/approvals/queries";

export interface NavigationItem {
  to: "/approvals" | "/settings";
  /** Key of the text in `common`. */
  label: "nav.approvals" | "nav.settings";
  icon: LucideIcon;
  /** Shown only to those who have it. */
  permission?: string;
  /** A hook that counts what waits for the person there. */
  useCount?: () => number;
}

export const NAVIGATION: readonly NavigationItem[] = [
  { to: "/approvals", label: "nav.approvals", icon: Inbox, useCount: usePendingApprovals },
  { to: "/settings", label: "nav.settings", icon: Settings },
];
