/** What the sidebar leads to, beside the conversations. Later pages are one line each. */
import { Inbox, Settings, type LucideIcon } from "lucide-react";

export interface NavigationItem {
  to: "/approvals" | "/settings";
  /** Key of the text in `common`. */
  label: string;
  icon: LucideIcon;
  /** Shown only to those who have it. */
  permission?: string;
}

export const NAVIGATION: readonly NavigationItem[] = [
  { to: "/approvals", label: "nav.approvals", icon: Inbox },
  { to: "/settings", label: "nav.settings", icon: Settings },
];
