/**
 * shapes-access.ts: answers about who may and who did: sessions, tenants, tokens, the trail; and errors.
 */
import { Type } from "typebox";
import type * as api from "../core/api.ts";
import { number, object, orNull, text, words } from "./shape-parts.ts";

const ROLE = words<api.Role>("operator", "tenant", "collector", "service");
const SCOPE = words<api.Scope>("read", "write");

export const ErrorBody = object(
  {
    code: text("stable; docs/errors.md says what to do about each"),
    message: text(),
    errors: Type.Array(object({ field: text(), code: text(), message: text() })),
  },
  "The one shape of an error.",
);

export const TenantInfo = object({
  id: text("the owner_uuid of its zones"),
  name: text(),
  zones: Type.Array(object({ name: text(), alias: text() }), { description: "owned now" }),
});

export const SessionInfo = object({
  role: ROLE,
  scope: SCOPE,
  tenant: orNull(TenantInfo, "null for operators and collectors"),
  label: text("of the token"),
  simulated: Type.Boolean({ description: "whether the data are a demo's" }),
  version: text(),
});

export const SignInWays = object({
  oidc: orNull(object({ name: text("what to call it") }), "the OpenID provider that people are sent to; null: none"),
});

export const SignedOut = object({
  ok: Type.Boolean(),
  endSession: orNull(Type.String(), "where the session at the OpenID provider is ended; null: there is none to end"),
});

export const OwnershipInterval = object({
  zone: text(),
  alias: text(),
  fromMs: number("0: as long as anybody knows"),
  toMs: orNull(Type.Number(), "exclusive; null: it still is"),
  host: Type.Optional(text("operators only")),
});

export const TenantDetail = object({
  ...TenantInfo.properties,
  named: Type.Boolean({ description: "whether there is an account" }),
  intervals: Type.Array(OwnershipInterval, { description: "the newest first" }),
});

export const TokenInfo = object({
  id: text(),
  role: ROLE,
  tenant: orNull(Type.String(), "null unless the role is tenant"),
  scope: SCOPE,
  label: text(),
  passing: Type.Boolean({ description: "a session of the page, or a service's own" }),
  lineage: text("the same for a token and its successors"),
  createdMs: number(),
  expiresMs: orNull(Type.Number(), "null: never"),
  revokedMs: orNull(Type.Number(), "null: not revoked"),
  valid: Type.Boolean(),
});

export const NewTokenInfo = object({
  ...TokenInfo.properties,
  token: text("its text, in this answer and nowhere else"),
});

export const AuditInfo = object({
  id: text(),
  atMs: number(),
  action: text("what was done to what: token.revoke"),
  owner: text("whose affair it was: operator, or a tenant's id"),
  object: text("the id of what it was done to"),
  actor: object({
    role: ROLE,
    tenant: orNull(Type.String()),
    id: Type.Optional(text("of the token; tenants learn no operator's")),
    label: Type.Optional(text()),
  }),
  detail: Type.Record(Type.String(), Type.Unknown()),
});

export const AuditPage = object({
  entries: Type.Array(AuditInfo, { description: "the newest first" }),
  next: orNull(Type.String(), "`before` of the next page; null: there is none"),
});
