/**
 * session.ts: signing in and out, as the page sees it; and the way by the OpenID provider, which leaves the page and comes back.
 *
 * The session is a cookie that no script can see, so the page notes beside it that there may be one. Where one wanted to go is
 * kept in this tab while one is away, and is only ever put back behind a `#` of this site: no address comes from outside.
 */
import type { SessionInfo, SignInWays } from "../../core/api.ts";
import { ApiError, ask, type BodyOf } from "./client.ts";

/** Set where somebody has signed in: the cookie itself no script can see. */
const SIGNED_IN = "isotherm.signed-in";
const WANTED = "isotherm.wanted";

export const PROVIDER_START = "/v1/session/oidc/start";

/** Whether somebody has signed in here, so that asking is not bound to fail. */
export function hasSignedIn(): boolean {
  return kept(() => localStorage.getItem(SIGNED_IN)) !== null;
}

/** @returns null when nobody is signed in; where nobody ever was, without a request that could only fail */
export async function readSession(): Promise<SessionInfo | null> {
  if (!hasSignedIn()) return null;
  try {
    return await ask("GET", "/v1/session");
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    kept(() => localStorage.removeItem(SIGNED_IN));
    return null;
  }
}

export async function signIn(credential: BodyOf<"POST", "/v1/session">): Promise<SessionInfo> {
  const session = await ask("POST", "/v1/session", { body: credential });
  noteSignedIn();
  return session;
}

/** Ends the session here; one that the OpenID provider vouched for goes on to be ended there, and the page with it. */
export async function signOut(): Promise<void> {
  const { endSession } = await ask("DELETE", "/v1/session");
  kept(() => localStorage.removeItem(SIGNED_IN));
  if (endSession !== null) location.assign(endSession);
}

export async function readWays(): Promise<SignInWays> {
  return ask("GET", "/v1/session/ways");
}

export function noteSignedIn(): void {
  kept(() => localStorage.setItem(SIGNED_IN, "yes"));
}

/** Keeps where one is, for when one comes back from the provider. */
export function noteWanted(): void {
  kept(() => sessionStorage.setItem(WANTED, location.hash));
}

/** @returns where one was before the provider, with its `#`; "" where that is not known */
export function takeWanted(): string {
  const wanted = kept(() => sessionStorage.getItem(WANTED)) ?? "";
  kept(() => sessionStorage.removeItem(WANTED));
  return wanted.startsWith("#") ? wanted : "";
}

/** @returns "" where the browser keeps no such thing: then nothing is known */
function kept<T>(use: () => T): T | "" {
  try {
    return use();
  } catch {
    // Storage is switched off.
    return "";
  }
}
