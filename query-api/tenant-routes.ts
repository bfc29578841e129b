/**
 * tenant-routes.ts: accounts: who the tenants are, and which zones were theirs when.
 *
 * An account is a name for an `owner_uuid`. Zones have owners whether or not anybody has named them, so an account can come
 * before or after its first zone, and ends only when it has none.
 */
import { Type } from "typebox";
import type { OwnershipInterval, TenantDetail } from "../core/api.ts";
import { InputError, OperationalError } from "../core/errors.ts";
import { OPERATOR, QUARANTINE } from "../core/window.ts";
import { notFound } from "../server/http.ts";
import { isLiving } from "../store/tenants.ts";
import { OPERATORS, principalOf, READERS, type QueryContext } from "./context.ts";
import { tenantOf } from "./view.ts";

const TENANT_ID = Type.Object({
  id: Type.String({ pattern: "^[A-Za-z0-9_-]{1,64}$", description: "the owner_uuid of its zones" }),
});

export function tenantRoutes(context: QueryContext): void {
  const { app, tenants, tokens, ownership, instrumentations, tenantInfo, note } = context;

  /** @throws OperationalError NOT_FOUND for one that has neither an account nor ever had a zone */
  const detail = (id: string, withHosts: boolean): TenantDetail => {
    const named = isLiving(tenants.get(id));
    const rows = ownership.all().filter((row) => row.owner === id);
    if ((!named && rows.length === 0) || RESERVED.has(id)) throw notFound();
    const intervals = rows
      .sort((a, b) => b.fromMs - a.fromMs || (a.zone < b.zone ? -1 : 1))
      .map(({ zone, alias, fromMs, toMs, host }): OwnershipInterval => ({
        zone,
        alias,
        fromMs,
        toMs: toMs === 0 ? null : toMs,
        ...(withHosts ? { host } : {}),
      }));
    return { ...tenantInfo(id), named, intervals };
  };

  app.route({
    method: "GET",
    url: "/v1/tenants",
    config: READERS,
    schema: {
      summary: "Tenants with their zones; a tenant sees itself",
      tags: ["tenants"],
      querystring: Type.Object(
        { unnamed: Type.Optional(Type.Boolean({ description: "operators: owners of zones without an account" })) },
        { additionalProperties: false },
      ),
    },
    handler: (request) => {
      const own = tenantOf(principalOf(request), undefined);
      const named = tenants.all().flatMap((row) => (isLiving(row) ? [row.id] : []));
      const owners = new Set(ownership.current().map((row) => row.owner));
      const unnamed = [...owners].filter((id) => !named.includes(id) && !RESERVED.has(id));
      const ids = own === null ? (request.query.unnamed === true ? unnamed : named) : [own];
      return { tenants: ids.map(tenantInfo).sort((a, b) => (a.name < b.name ? -1 : 1)) };
    },
  });

  app.route({
    method: "GET",
    url: "/v1/tenants/:id",
    config: READERS,
    schema: {
      summary: "One tenant, with all its zones ever and when they were its",
      tags: ["tenants"],
      params: TENANT_ID,
    },
    handler: (request) => {
      const own = tenantOf(principalOf(request), request.params.id);
      const principal = principalOf(request);
      // A tenant without account or zone is itself all the same.
      if (principal.role === "tenant" && own !== null) {
        const has = isLiving(tenants.get(own)) || ownership.all().some((row) => row.owner === own);
        return has ? detail(own, false) : { ...tenantInfo(own), named: false, intervals: [] };
      }
      return detail(request.params.id, true);
    },
  });

  app.route({
    method: "PUT",
    url: "/v1/tenants/:id",
    config: OPERATORS,
    schema: {
      summary: "Make an account, or rename one",
      tags: ["tenants"],
      params: TENANT_ID,
      body: Type.Object(
        { name: Type.String({ minLength: 1, maxLength: 100, pattern: "^[^\\u0000-\\u001f\\u007f-\\u009f]*$" }) },
        { additionalProperties: false },
      ),
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const { name } = request.body;
      if (RESERVED.has(id)) {
        const message = `expected an owner's uuid, not ${id}`;
        throw new InputError("name a tenant", [{ field: "id", code: "RESERVED", message }]);
      }
      const was = tenants.get(id);
      const isNew = !isLiving(was);
      await tenants.put([{ id, name, createdMs: isNew ? Date.now() : was.createdMs }]);
      const action = isNew ? "tenant.create" : "tenant.rename";
      const changed = isNew ? { name } : { name, was: was.name };
      await note(principalOf(request), { action, owner: id, object: id, detail: changed });
      return reply.code(isNew ? 201 : 200).send(detail(id, true));
    },
  });

  app.route({
    method: "DELETE",
    url: "/v1/tenants/:id",
    config: OPERATORS,
    schema: {
      summary: "End an account that has no zones: its tokens are revoked, its instrumentations end",
      tags: ["tenants"],
      params: TENANT_ID,
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const principal = principalOf(request);
      const row = tenants.get(id);
      if (!isLiving(row)) throw notFound();
      if (ownership.current().some((each) => each.owner === id)) {
        throw new OperationalError("TENANT_HAS_ZONES", "end an account: it has zones");
      }
      // Access ends first: what fails after that leaves too little, and can be asked for again.
      for (const token of tokens.all()) if (token.tenant === id) await tokens.revoke(token.id);
      for (const each of instrumentations.visibleTo(principal)) {
        if (each.owner === id) await instrumentations.remove(each.id, principal);
      }
      await tenants.put([{ ...row, deletedMs: Date.now() }]);
      await note(principal, { action: "tenant.delete", owner: id, object: id, detail: { name: row.name } });
      return reply.code(204).send();
    },
  });
}

/** What stands in an owner's place where there is none. */
const RESERVED: ReadonlySet<string> = new Set([OPERATOR, QUARANTINE]);
