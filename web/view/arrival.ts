/**
 * arrival.ts: what an address says of signing in: a one-time code (`signin=CODE`), or how it went at the OpenID provider (`signed-in`,
 * `sign-in-failed=CODE`). Such words are no part of a view, and what they say on the page is chosen here, never by the link.
 */
export type Arrival =
  | { readonly kind: "code"; readonly code: string }
  | { readonly kind: "back" }
  | { readonly kind: "refused"; readonly code: string }
  | null;

const OWN = ["signin", "signed-in", "sign-in-failed"];

/** @returns also what is left of the address without it, with `#` unless it is empty */
export function arrivalOf(hash: string): { readonly arrival: Arrival; readonly rest: string } {
  const parts = hash.replace(/^#/, "").split("&");
  const left = parts.filter((part) => part !== "" && !OWN.includes(part.split("=")[0] ?? "")).join("&");
  const params = new URLSearchParams(parts.join("&"));
  const [code, refused] = [params.get("signin"), params.get("sign-in-failed")];
  return { arrival: kindOf(code, refused, params.has("signed-in")), rest: left === "" ? "" : `#${left}` };
}

function kindOf(code: string | null, refused: string | null, isBack: boolean): Arrival {
  if (code !== null) return { kind: "code", code };
  if (refused !== null) return { kind: "refused", code: refused };
  return isBack ? { kind: "back" } : null;
}

/** @param code of docs/errors.md */
export function refusalText(code: string): string {
  return REFUSALS[code] ?? "signing in did not work";
}

const REFUSALS: Readonly<Record<string, string>> = {
  OIDC_STATE: "this browser did not begin that sign-in, or too long ago: begin again",
  OIDC_REFUSED: "the provider did not let you in",
  OIDC_NOBODY: "the provider knows you, but not which tenant’s you are: ask whoever runs this service",
  OIDC_UNAVAILABLE: "the provider does not answer; a token works meanwhile",
  TOO_MANY_GUESSES: "too many tries from here: wait a minute",
};
