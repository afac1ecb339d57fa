/**
 * Who is signed in. Authorization code with PKCE against any OpenID Connect issuer.
 *
 * Tokens live in this tab's sessionStorage and in memory, never in localStorage, an
 * address or a log.
 */
import type { User, UserManager } from "oidc-client-ts";
import { create } from "zustand";

import type { PortalConfig } from "@/app/config";

import { claimBelongings } from "./belongings";
import { isNetworkFailure } from "./sign-in-problem";

export type SessionStatus = "loading" | "signed_in" | "signed_out" | "ended";

interface SessionState {
  /** `ended`: somebody was signed in and the token could not be renewed. */
  status: SessionStatus;
  name: string | null;
}

export const useSession = create<SessionState>(() => ({ status: "loading", name: null }));

let manager: Promise<UserManager> | undefined;
let settings: PortalConfig;
let user: User | null = null;
let renewal: Promise<boolean> | undefined;

/** A token that ends sooner than this is renewed before it is used. */
const RENEW_BEFORE_S = 60;

/** Whether this tab may have somebody who is signed in. */
export function hasStoredSession(): boolean {
  return Object.keys(sessionStorage).some((key) => key.startsWith("oidc.user:"));
}

function userManager(): Promise<UserManager> {
  manager ??= import("oidc-client-ts").then(({ UserManager, WebStorageStateStore }) => {
    const store = new WebStorageStateStore({ store: sessionStorage });
    return new UserManager({
      authority: settings.authority,
      client_id: settings.client_id,
      scope: settings.scope,
      redirect_uri: `${location.origin}/callback`,
      post_logout_redirect_uri: `${location.origin}/login`,
      response_type: "code",
      userStore: store,
      stateStore: store,
      automaticSilentRenew: false,
      monitorSession: false,
      loadUserInfo: false,
    });
  });
  return manager;
}

function adopt(found: User | null): void {
  user = found;
  useSession.setState(
    found === null
      ? { status: "signed_out", name: null }
      : { status: "signed_in", name: found.profile.name ?? found.profile.preferred_username ?? null },
  );
}

/** Takes up the session of this tab, if there is one. */
export async function startSession(config: PortalConfig): Promise<void> {
  settings = config;
  if (!hasStoredSession()) {
    adopt(null);
    return;
  }
  const found = await (await userManager()).getUser();
  adopt(found);
  if (found !== null && (found.expires_in ?? 0) < RENEW_BEFORE_S) await renewToken();
}

/** Leaves for the issuer's page; comes back to `returnTo`. */
export async function signIn(returnTo: string, language: string): Promise<void> {
  await (await userManager()).signinRedirect({ state: returnTo, ui_locales: language });
}

/** Ends the way back from the issuer's page; gives the place that was asked for. */
export async function completeSignIn(): Promise<string> {
  const found = await (await userManager()).signinRedirectCallback();
  claimBelongings(`${found.profile.iss} ${found.profile.sub}`);
  adopt(found);
  return safeReturn(found.state);
}

/** Only a path of this site: an address from outside must not lead elsewhere. */
export function safeReturn(value: unknown): string {
  if (typeof value !== "string" || !value.startsWith("/")) return "/c";
  const url = new URL(value, location.origin);
  return url.origin === location.origin && !url.pathname.startsWith("//") ? url.pathname + url.search + url.hash : "/c";
}

/** Ends the session here and at the issuer, which leads back to `/login`. */
export async function signOut(): Promise<void> {
  const found = await userManager();
  try {
    await found.signoutRedirect();
  } catch {
    // The issuer cannot be reached or knows no end of a session: it ends here at least.
    await found.removeUser();
    location.assign("/login");
  }
}

/** The bearer token, renewed when it is about to end; `null` when nobody is signed in. */
export async function accessToken(): Promise<string | null> {
  if (user === null) return null;
  if ((user.expires_in ?? Infinity) < RENEW_BEFORE_S) await renewToken();
  return user.access_token;
}

/** One renewal at a time. False: the person must sign in again. */
export function renewToken(): Promise<boolean> {
  renewal ??= renew().finally(() => {
    renewal = undefined;
  });
  return renewal;
}

async function renew(): Promise<boolean> {
  try {
    const found = await (await userManager()).signinSilent();
    if (found === null) throw new Error("no user");
    adopt(found);
    return true;
  } catch (error) {
    // Without a network nothing is known about the session; the next request tries again.
    if (!isNetworkFailure(error instanceof Error ? error.name : "")) useSession.setState({ status: "ended" });
    return false;
  }
}
