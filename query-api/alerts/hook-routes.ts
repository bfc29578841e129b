/**
 * hook-routes.ts: hooks and what was sent to them. A hook's secret is answered once, when it is made; what a target replies, never.
 */
import { Type } from "typebox";
import type { DeliveriesPage, DeliveryInfo, DeliveryStatus, HooksPage } from "../../core/alerts/api.ts";
import { OperationalError } from "../../core/errors.ts";
import { notFound } from "../../server/http.ts";
import { putDelivery, readDeliveries, type AlertDeliveryRow } from "../../store/alerts.ts";
import { reportOfGroup } from "../capacity/report-runs.ts";
import { ID, principalOf, READERS, VALUES, whileConnected, WRITERS, type QueryContext } from "../context.ts";
import { BY_NAME, cursorOf, MAX_PAGE, NEWEST_FIRST, pageOf, timeIn } from "../pages.ts";
import { reading } from "../sql.ts";
import type { Alerts } from "./alerts.ts";
import { hookInfo } from "./hooks.ts";
import { deliveryVersion } from "./outbox.ts";

const JSON_OBJECT = Type.Record(Type.String(), Type.Unknown());
const DELIVERY_ID = Type.Object({ id: Type.String({ pattern: "^[0-9a-f]{32}$" }) });
const STATUSES = ["waiting", "sent", "dead"] as const satisfies readonly DeliveryStatus[];

export function hookRoutes({ app, note, store }: QueryContext, alerts: Alerts): void {
  const { hooks } = alerts;

  app.route({
    method: "GET",
    url: "/v1/alerts/hooks",
    config: READERS,
    schema: {
      summary: "Hooks that the caller may see, by name",
      tags: ["alerts"],
      querystring: Type.Object(BY_NAME, { additionalProperties: false }),
    },
    handler: (request): HooksPage => {
      const { page, next } = pageOf(hooks.visibleTo(principalOf(request)), ({ name, id }) => [name, id], request.query);
      return { hooks: page.map(hookInfo), next };
    },
  });

  app.route({
    method: "POST",
    url: "/v1/alerts/hooks",
    config: WRITERS,
    schema: { summary: "Save a hook; its secret is in the answer, this once", tags: ["alerts"], body: JSON_OBJECT },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const row = await hooks.create(request.body, principal);
      await note(principal, { action: "hook.create", owner: row.owner, object: row.id, detail: { name: row.name } });
      return reply.code(201).send({ ...hookInfo(row), secret: row.secret });
    },
  });

  app.route({
    method: "PATCH",
    url: "/v1/alerts/hooks/:id",
    config: WRITERS,
    schema: {
      summary: "Change a hook: its URL, its secret (null: a new one is made, and answered this once), how it groups",
      tags: ["alerts"],
      params: ID,
      body: JSON_OBJECT,
    },
    handler: async (request) => {
      const principal = principalOf(request);
      const { row, secret } = await hooks.change(request.params.id, request.body, principal);
      const { id: object, owner, name } = row;
      await note(principal, { action: "hook.change", owner, object, detail: { name } });
      return { ...hookInfo(row), secret };
    },
  });

  app.route({
    method: "DELETE",
    url: "/v1/alerts/hooks/:id",
    config: WRITERS,
    schema: { summary: "Delete a hook; what waits for it goes to the dead letters", tags: ["alerts"], params: ID },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const row = await hooks.remove(request.params.id, principal);
      await note(principal, { action: "hook.delete", owner: row.owner, object: row.id, detail: { name: row.name } });
      return reply.code(204).send();
    },
  });

  app.route({
    method: "POST",
    url: "/v1/alerts/hooks/:id/test",
    config: WRITERS,
    schema: { summary: "Send a hook a test alert, once and now", tags: ["alerts"], params: ID },
    handler: async (request) => {
      const principal = principalOf(request);
      const hook = hooks.find(request.params.id, principal);
      await note(principal, { action: "hook.test", owner: hook.row.owner, object: hook.row.id });
      return alerts.testHook(hook);
    },
  });

  app.route({
    method: "GET",
    url: "/v1/alerts/deliveries",
    config: VALUES,
    schema: {
      summary: "What hooks were told, the newest first; `dead`: the dead letters",
      tags: ["alerts"],
      querystring: Type.Object(
        { status: Type.Optional(Type.Union(STATUSES.map((each) => Type.Literal(each)))), ...NEWEST_FIRST },
        { additionalProperties: false },
      ),
    },
    handler: async (request, reply): Promise<DeliveriesPage> => {
      const { role, tenant } = principalOf(request);
      const { status, before, limit = MAX_PAGE } = request.query;
      const owner = role === "tenant" ? tenant : null;
      const [beforeMs, beforeId] = before === undefined ? [] : timeIn(before);
      // One more than asked for tells whether there is another page.
      const rows = await readDeliveries(
        store,
        { owner, status, beforeMs, beforeId, limit: limit + 1 },
        reading(whileConnected(reply)),
      );
      const shown = rows.slice(0, limit);
      const last = shown.at(-1);
      const next = rows.length > limit && last !== undefined ? cursorOf([last.createdMs, last.id]) : null;
      return { deliveries: shown.map(deliveryInfo), next };
    },
  });

  app.route({
    method: "POST",
    url: "/v1/alerts/deliveries/:id/retry",
    config: WRITERS,
    schema: { summary: "Send a dead letter again, under its old key", tags: ["alerts"], params: DELIVERY_ID },
    handler: async (request) => {
      const principal = principalOf(request);
      const owner = principal.role === "tenant" ? principal.tenant : null;
      const [row] = await readDeliveries(store, { owner, id: request.params.id, limit: 1 });
      if (row === undefined) throw notFound();
      if (row.status !== "dead") throw new OperationalError("NOT_DEAD", "send a delivery again: it is no dead letter");
      const again = { ...row, status: "waiting", attempts: row.attempts + 1, nextMs: Date.now(), problem: "" };
      await putDelivery(store, again, deliveryVersion(again));
      await note(principal, { action: "delivery.retry", owner: row.owner, object: row.id });
      return deliveryInfo(again);
    },
  });
}

function deliveryInfo(row: AlertDeliveryRow): DeliveryInfo {
  const { id, owner, hook, createdMs, attempts, nextMs, problem, members } = row;
  const status = row.status as DeliveryStatus;
  return {
    ...{ id, owner, hook, status, createdMs, attempts, nextMs: status === "waiting" ? nextMs : null, problem },
    alerts: Array.isArray(members) ? members.length : 0,
    report: reportOfGroup(row.groupKey),
  };
}
