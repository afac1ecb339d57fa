/** What the sidebar leads to, beside the conversations. Later pages are one line each. */
import { ChartColumn, Inbox, ScrollText, Settings, ShieldUser, Wrench, type LucideIcon } from "lucide-react";

import { usePendingApprovals } from "@/features/approvals/queries";

export interface NavigationItem {
  to: "/approvals" | "/tools" | "/audit" | "/usage" | "/settings" | "/admin";
  /** Key of the text in `common`. */
  label: "nav.approvals" | "nav.tools" | "nav.audit" | "nav.usage" | "nav.settings" | "nav.admin";
  icon: LucideIcon;
  /** Shown only to those who have it. */
  permission?: string;
  /** A hook that counts what waits for the person there. */
  useCount?: () => number;
}

/** Of those who administer; everything under `/admin` needs it. */
export const ADMINISTRATION = "administration";

export const NAVIGATION: readonly NavigationItem[] = [
  { to: "/approvals", label: "nav.approvals", icon: Inbox, useCount: usePendingApprovals },
  { to: "/tools", label: "nav.tools", icon: Wrench },
  { to: "/audit", label: "nav.audit", icon: ScrollText },
  { to: "/usage", label: "nav.usage", icon: ChartColumn },
  { to: "/admin", label: "nav.admin", icon: ShieldUser, permission: ADMINISTRATION },
  { to: "/settings", label: "nav.settings", icon: Settings },
];
