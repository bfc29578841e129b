/**
 * audit-routes.ts: who did what, page by page, the newest first: to operators all of it, to tenants what was their affair.
 */
import { Type } from "typebox";
import type { AuditInfo, AuditPage } from "../core/api.ts";
import { InputError } from "../core/errors.ts";
import type { AuditRow } from "../store/audit.ts";
import type { TokenRow } from "../store/tokens.ts";
import { principalOf, VALUES, VIEW, whileConnected, type QueryContext } from "./context.ts";
import { reading } from "./sql.ts";
import { tenantOf } from "./view.ts";

export function auditRoutes({ app, audit }: QueryContext): void {
  app.route({
    method: "GET",
    url: "/v1/audit",
    config: VALUES,
    schema: {
      summary: "Who did what, the newest first",
      tags: ["audit"],
      querystring: Type.Object(
        {
          tenant: VIEW.tenant,
          action: Type.Optional(Type.String({ maxLength: 64, description: "only these, for example token.revoke" })),
          object: Type.Optional(Type.String({ maxLength: 64, description: "only what was done to this id" })),
          before: Type.Optional(Type.String({ maxLength: 64, description: "`next` of the page before" })),
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: "default 100" })),
        },
        { additionalProperties: false },
      ),
    },
    handler: async (request, reply): Promise<AuditPage> => {
      const principal = principalOf(request);
      const { tenant, action, object, before, limit = 100 } = request.query;
      const owner = tenantOf(principal, tenant);
      const cursor = before === undefined ? undefined : parseCursor(before);
      // One more than asked for tells whether there is another page.
      const rows = await audit.read(
        { owner, action, object, before: cursor, limit: limit + 1 },
        reading(whileConnected(reply)),
      );
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      reply.header("cache-control", "no-store");
      return {
        entries: page.map((row) => infoFor(row, principal)),
        next: rows.length > limit && last !== undefined ? `${last.atMs}-${last.id}` : null,
      };
    },
  });
}

function infoFor(row: AuditRow, reader: TokenRow): AuditInfo {
  const { id, atMs, action, owner, object, detail } = row;
  const actor = { role: row.actorRole, tenant: row.actorTenant === "" ? null : row.actorTenant };
  const isOpen = reader.role !== "tenant" || row.actorTenant === reader.tenant;
  return {
    ...{ id, atMs, action, owner, object, detail },
    actor: isOpen ? { ...actor, id: row.actor, label: row.actorLabel } : actor,
  };
}

/** A cursor holds no right: it says where in the caller's own list to go on. */
function parseCursor(text: string): { atMs: number; id: string } {
  const match = /^([0-9]{1,15})-([0-9a-f]{16})$/.exec(text);
  if (match === null) {
    const message = "expected `next` of an earlier page";
    throw new InputError("read a page of the trail", [{ field: "before", code: "BAD_CURSOR", message }]);
  }
  return { atMs: Number(match[1]), id: match[2] ?? "" };
}
