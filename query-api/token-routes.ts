/**
 * token-routes.ts: tokens made, listed, rotated and revoked: by operators all, by a tenant that may write its own.
 *
 * The text of a token is in one answer and nowhere else. A revocation is in this process's memory before it is answered, and in
 * every other's at its next look at the store, two seconds later at most (store/state.ts).
 */
import { Type } from "typebox";
import type { NewTokenInfo, TokenInfo } from "../core/api.ts";
import { InputError, OperationalError } from "../core/errors.ts";
import { OPERATOR } from "../core/window.ts";
import { notFound } from "../server/http.ts";
import { isLiving } from "../store/tenants.ts";
import { isPassing, type MadeToken, type TokenRow } from "../store/tokens.ts";
import { ID, principalOf, WRITERS, type QueryContext } from "./context.ts";

/** Of one tenant: enough for every program it has, and an end to what a stolen token can fill the store with. */
const MAX_PER_TENANT = 50;

const NEW_TOKEN = Type.Object(
  {
    role: Type.Union([Type.Literal("operator"), Type.Literal("tenant"), Type.Literal("collector")]),
    tenant: Type.Optional(Type.String({ maxLength: 64, description: "role tenant only; default: the caller's own" })),
    scope: Type.Optional(
      Type.Union([Type.Literal("read"), Type.Literal("write")], { description: "role tenant only; default: read" }),
    ),
    label: Type.String({ minLength: 1, maxLength: 200, pattern: "^[^\\u0000-\\u001f\\u007f-\\u009f]*$" }),
    expiresInSec: Type.Optional(
      Type.Integer({ minimum: 60, maximum: 315_360_000, description: "default: it does not expire" }),
    ),
  },
  { additionalProperties: false },
);

export function tokenRoutes({ app, tokens, tenants, ownership, note }: QueryContext): void {
  const info = (row: TokenRow): TokenInfo => ({
    id: row.id,
    role: row.role,
    tenant: row.role === "tenant" ? row.tenant : null,
    scope: row.scope,
    label: row.label,
    passing: isPassing(row),
    lineage: row.lineage,
    createdMs: row.createdMs,
    expiresMs: row.expiresMs === 0 ? null : row.expiresMs,
    revokedMs: row.revokedMs === 0 ? null : row.revokedMs,
    valid: tokens.isValid(row.id),
  });
  const shown = ({ row, text }: MadeToken): NewTokenInfo => ({ ...info(row), token: text });

  /** @throws OperationalError NOT_FOUND for one that is unknown or not the caller's to manage */
  const find = (id: string, principal: TokenRow): TokenRow => {
    const row = tokens.get(id);
    if (row === undefined || !mayManage(row, principal)) throw notFound();
    return row;
  };

  /** Whose the new token is. @throws OperationalError NOT_FOUND when a tenant names another; InputError */
  const tenantFor = (role: string, asked: string | undefined, principal: TokenRow): string => {
    const wrong = (field: string, code: string, message: string): InputError =>
      new InputError("make a token", [{ field, code, message }]);
    if (principal.role === "tenant") {
      if (role !== "tenant") throw wrong("role", "OPERATOR_ONLY", "expected tenant; only operators make others");
      if (asked !== undefined && asked !== principal.tenant) throw notFound();
      return principal.tenant;
    }
    if (role !== "tenant") {
      if (asked !== undefined) throw wrong("tenant", "NOT_A_TENANT", `expected none with the role ${role}`);
      return "";
    }
    const isKnown = isLiving(tenants.get(asked ?? "")) || ownership.all().some((row) => row.owner === asked);
    if (asked === undefined || !isKnown || asked === OPERATOR) {
      throw wrong("tenant", "UNKNOWN_TENANT", "expected the id of a tenant (GET /v1/tenants lists them)");
    }
    return asked;
  };

  app.route({
    method: "GET",
    url: "/v1/tokens",
    config: WRITERS,
    schema: { summary: "Tokens, without their texts; a tenant's own, an operator's all", tags: ["tokens"] },
    handler: (request) => {
      const principal = principalOf(request);
      const rows = tokens.all().filter((row) => mayManage(row, principal));
      return { tokens: rows.sort((a, b) => b.createdMs - a.createdMs || (a.id < b.id ? -1 : 1)).map(info) };
    },
  });

  app.route({
    method: "POST",
    url: "/v1/tokens",
    config: WRITERS,
    schema: { summary: "Make a token; its text is in this answer only", tags: ["tokens"], body: NEW_TOKEN },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const {
        role,
        tenant: asked,
        scope = role === "tenant" ? "read" : "write",
        label,
        expiresInSec = 0,
      } = request.body;
      const tenant = tenantFor(role, asked, principal);
      const own = tokens.all().filter((row) => row.tenant === tenant && !isPassing(row) && tokens.isValid(row.id));
      if (tenant !== "" && own.length >= MAX_PER_TENANT) {
        throw new OperationalError("TOO_MANY_TOKENS", `make a token: a tenant has at most ${MAX_PER_TENANT}`);
      }
      const made = await tokens.make({ role, tenant, scope, label, lifeMs: expiresInSec * 1000 });
      await note(principal, {
        action: "token.create",
        owner: ownerOf(made.row),
        object: made.row.id,
        detail: { role, scope, label, expiresMs: made.row.expiresMs },
      });
      return reply.code(201).header("cache-control", "no-store").send(shown(made));
    },
  });

  app.route({
    method: "POST",
    url: "/v1/tokens/:id/rotate",
    config: WRITERS,
    schema: {
      summary: "Make a token's successor; both are valid for the overlap",
      tags: ["tokens"],
      params: ID,
      body: Type.Object(
        {
          overlapSec: Type.Optional(
            Type.Integer({ minimum: 0, maximum: 2_592_000, description: "default: a day; 0: the old one ends now" }),
          ),
        },
        { additionalProperties: false },
      ),
    },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const old = find(request.params.id, principal);
      const { overlapSec = 86_400 } = request.body;
      const made = await tokens.rotate(old.id, overlapSec * 1000);
      await note(principal, {
        action: "token.rotate",
        owner: ownerOf(old),
        object: old.id,
        detail: { successor: made.row.id, overlapSec, label: old.label },
      });
      return reply.code(201).header("cache-control", "no-store").send(shown(made));
    },
  });

  app.route({
    method: "DELETE",
    url: "/v1/tokens/:id",
    config: WRITERS,
    schema: { summary: "Revoke a token: within five seconds it is nobody's, anywhere", tags: ["tokens"], params: ID },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const row = find(request.params.id, principal);
      await tokens.revoke(row.id);
      const { role, label } = row;
      await note(principal, { action: "token.revoke", owner: ownerOf(row), object: row.id, detail: { role, label } });
      return reply.code(204).send();
    },
  });
}

function mayManage(row: TokenRow, principal: TokenRow): boolean {
  return principal.role === "operator" || (row.role === "tenant" && row.tenant === principal.tenant);
}

function ownerOf(row: TokenRow): string {
  return row.role === "tenant" ? row.tenant : OPERATOR;
}
