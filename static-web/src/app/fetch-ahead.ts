import { hasStoredSession } from "@/auth/session";

/** Fetches what the page that was asked for needs anyway, beside the configuration and the texts that come first. */
export function fetchAhead(): void {
  if (!hasStoredSession()) return;
  const { pathname } = location;
  const page = pathname.startsWith("/c/") ? import("@/routes/chat") : pathname === "/" || pathname === "/c" ? import("@/routes/new-chat") : null;
  // Whoever needs them asks again, and is told then when they cannot be had.
  void Promise.all([import("oidc-client-ts"), page]).catch(() => undefined);
}
