/** The pages of the administration, in the order of its navigation. A later one is one line here and one in `router.tsx`. */
import { Bot, Building2, Gauge, HeartPulse, IdCard, OctagonX, ScrollText, ServerCog, Users, Wrench, type LucideIcon } from "lucide-react";

export interface AdminPage {
  to: "/admin/users" | "/admin/roles" | "/admin/policies" | "/admin/tools" | "/admin/servers" | "/admin/models" | "/admin/quotas" | "/admin/kill-switch" | "/admin/health" | "/admin/tenant";
  /** Key of the text in `admin`. */
  label: "users.title" | "roles.title" | "policies.title" | "nav_tools" | "nav_servers" | "nav_models" | "nav_quotas" | "nav_kill_switch" | "health.title" | "tenant.title";
  icon: LucideIcon;
}

export const ADMIN_PAGES: readonly AdminPage[] = [
  { to: "/admin/users", label: "users.title", icon: Users },
  { to: "/admin/roles", label: "roles.title", icon: IdCard },
  { to: "/admin/policies", label: "policies.title", icon: ScrollText },
  { to: "/admin/tools", label: "nav_tools", icon: Wrench },
  { to: "/admin/servers", label: "nav_servers", icon: ServerCog },
  { to: "/admin/models", label: "nav_models", icon: Bot },
  { to: "/admin/quotas", label: "nav_quotas", icon: Gauge },
  { to: "/admin/kill-switch", label: "nav_kill_switch", icon: OctagonX },
  { to: "/admin/health", label: "health.title", icon: HeartPulse },
  { to: "/admin/tenant", label: "tenant.title", icon: Building2 },
];
