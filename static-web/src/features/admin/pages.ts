/** The pages of the administration, in the order of its navigation. A later one is one line here and one in `router.tsx`. */
import { HeartPulse, ScrollText, Users, type LucideIcon } from "lucide-react";

export interface AdminPage {
  to: "/admin/users" | "/admin/policies" | "/admin/health";
  /** Key of the text in `admin`. */
  label: "users.title" | "policies.title" | "health.title";
  icon: LucideIcon;
}

export const ADMIN_PAGES: readonly AdminPage[] = [
  { to: "/admin/users", label: "users.title", icon: Users },
  { to: "/admin/policies", label: "policies.title", icon: ScrollText },
  { to: "/admin/health", label: "health.title", icon: HeartPulse },
];
