/** All pages in one list. A page that comes later gets a line here and one in `navigation.ts`. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";

import { safeReturn, useSession } from "@/auth/session";
import { withTexts } from "@/i18n";
import { RootLayout } from "@/app/root-layout";
import { Shell } from "@/app/shell";
import { SkeletonList } from "@/ui/skeleton";

const errorPage = lazyRouteComponent(() => import("@/app/pages/error-page"), "ErrorPage");

const root = createRootRoute({
  component: RootLayout,
  errorComponent: errorPage,
  notFoundComponent: lazyRouteComponent(() => import("@/routes/not-found"), "NotFoundPage"),
});

const page = <Path extends string, Module extends Record<string, unknown>>(
  path: Path,
  load: () => Promise<Module>,
  name: keyof Module & string,
) => createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(load as never, name as never) });

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: (search): { return_to?: string } =>
    typeof search["return_to"] === "string" ? { return_to: search["return_to"] } : {},
  beforeLoad: ({ search }) => {
    if (useSession.getState().status === "signed_in") throw redirect({ to: safeReturn(search.return_to) });
  },
  component: lazyRouteComponent(() => withTexts("login", import("@/routes/login")), "LoginPage"),
});
const callback = page("/callback", () => withTexts("login", import("@/routes/callback")), "CallbackPage");
const forbidden = createRoute({
  getParentRoute: () => root,
  path: "/403",
  validateSearch: (search): { permission?: string } =>
    typeof search["permission"] === "string" ? { permission: search["permission"] } : {},
  component: lazyRouteComponent(() => import("@/routes/forbidden"), "ForbiddenPage"),
});
const notFound = page("/404", () => import("@/routes/not-found"), "NotFoundPage");

/** Everything below needs somebody who is signed in. */
const signedIn = createRoute({
  getParentRoute: () => root,
  id: "signed-in",
  beforeLoad: ({ location }) => {
    if (useSession.getState().status === "signed_out") {
      throw redirect({ to: "/login", search: { return_to: location.href } });
    }
  },
  component: Shell,
});

const home = createRoute({
  getParentRoute: () => signedIn,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/c" });
  },
});
const newChat = createRoute({
  getParentRoute: () => signedIn,
  path: "/c",
  component: lazyRouteComponent(() => import("@/routes/new-chat"), "NewChatPage"),
});
const chat = createRoute({
  getParentRoute: () => signedIn,
  path: "/c/$conversationId",
  component: lazyRouteComponent(() => import("@/routes/chat"), "ChatPage"),
});
const approvals = createRoute({
  getParentRoute: () => signedIn,
  path: "/approvals",
  component: lazyRouteComponent(() => withTexts("approvals", import("@/routes/approvals")), "ApprovalsPage"),
});
const tools = createRoute({
  getParentRoute: () => signedIn,
  path: "/tools",
  component: lazyRouteComponent(() => withTexts("catalogue", import("@/routes/tools")), "ToolsPage"),
});
const tool = createRoute({
  getParentRoute: () => signedIn,
  path: "/tools/$server/$tool",
  component: lazyRouteComponent(() => withTexts("catalogue", import("@/routes/tools")), "ToolPage"),
});
const audit = createRoute({
  getParentRoute: () => signedIn,
  path: "/audit",
  component: lazyRouteComponent(() => withTexts("audit", import("@/routes/audit")), "AuditPage"),
});
const auditRecord = createRoute({
  getParentRoute: () => signedIn,
  path: "/audit/$recordId",
  component: lazyRouteComponent(() => withTexts("audit", import("@/routes/audit")), "AuditRecordPage"),
});
const usage = createRoute({
  getParentRoute: () => signedIn,
  path: "/usage",
  component: lazyRouteComponent(() => withTexts("quotas", withTexts("usage", import("@/routes/usage"))), "UsagePage"),
});
const settings = createRoute({
  getParentRoute: () => signedIn,
  path: "/settings",
  component: lazyRouteComponent(() => withTexts("quotas", withTexts("settings", import("@/routes/settings"))), "SettingsPage"),
});
/** Everything below needs the permission to administer; a page of it gets a line in `features/admin/pages.ts` too. */
const admin = createRoute({
  getParentRoute: () => signedIn,
  path: "/admin",
  component: lazyRouteComponent(() => withTexts("admin", import("@/routes/admin")), "AdminArea"),
});
const adminHome = createRoute({
  getParentRoute: () => admin,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/admin/users", replace: true });
  },
});
const adminUsers = createRoute({
  getParentRoute: () => admin,
  path: "/users",
  component: lazyRouteComponent(() => import("@/routes/admin-users"), "UsersPage"),
});
const adminRoles = createRoute({
  getParentRoute: () => admin,
  path: "roles",
  component: lazyRouteComponent(() => import("@/routes/admin-roles"), "RolesPage"),
});
const adminPolicies = createRoute({
  getParentRoute: () => admin,
  path: "/policies",
  component: lazyRouteComponent(() => withTexts("outcomes", import("@/routes/admin-policies")), "PoliciesPage"),
});
const adminTools = createRoute({
  getParentRoute: () => admin,
  path: "/tools",
  component: lazyRouteComponent(() => withTexts("admin_tools", import("@/routes/admin-tools")), "AdminToolsPage"),
});
const adminServers = createRoute({
  getParentRoute: () => admin,
  path: "/servers",
  component: lazyRouteComponent(() => withTexts("admin_servers", import("@/routes/admin-servers")), "ServersPage"),
});
const adminModels = createRoute({
  getParentRoute: () => admin,
  path: "/models",
  component: lazyRouteComponent(() => withTexts("models", import("@/routes/admin-models")), "ModelsPage"),
});
const adminQuotas = createRoute({
  getParentRoute: () => admin,
  path: "/quotas",
  component: lazyRouteComponent(() => withTexts("quotas", import("@/routes/admin-quotas")), "QuotasPage"),
});
const adminKillSwitch = createRoute({
  getParentRoute: () => admin,
  path: "/kill-switch",
  component: lazyRouteComponent(() => withTexts("kill_switch", import("@/routes/admin-kill-switch")), "KillSwitchPage"),
});
const adminHealth = createRoute({
  getParentRoute: () => admin,
  path: "/health",
  component: lazyRouteComponent(() => import("@/routes/admin-health"), "HealthPage"),
});
const adminTenant = createRoute({
  getParentRoute: () => admin,
  path: "/tenant",
  component: lazyRouteComponent(() => import("@/routes/admin-tenant"), "TenantPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    login,
    callback,
    forbidden,
    notFound,
    signedIn.addChildren([
      home,
      newChat,
      chat,
      approvals,
      tools,
      tool,
      audit,
      auditRecord,
      usage,
      settings,
      admin.addChildren([adminHome, adminUsers, adminRoles, adminPolicies, adminTools, adminServers, adminModels, adminQuotas, adminKillSwitch, adminHealth, adminTenant]),
    ]),
  ]),
  defaultPendingComponent: () => <SkeletonList className="p-6" />,
  defaultPendingMs: 150,
  defaultErrorComponent: errorPage,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
