/**
 * routes.ts: alerts, rules and silences over HTTP. Who sees what is decided where they are kept: a tenant its own, operators all, and what is somebody
 * else's is not found.
 */
import { Type } from "typebox";
import { parseRange } from "../resolution.ts";
import type { AlertRulesPage, AlertsPage, SilencesPage } from "../../core/alerts/api.ts";
import { BY_NAME, NEWEST_FIRST, pageOf } from "../pages.ts";
import { ID, principalOf, RANGE, READERS, VALUES, whileConnected, WRITERS, type QueryContext } from "../context.ts";
import type { Alerts } from "./alerts.ts";
import { ownerOf } from "./rules.ts";
import { silenceInfo } from "./silences.ts";

/** Checked by core/alerts, which names each wrong field; here only that it is an object. */
const JSON_OBJECT = Type.Record(Type.String(), Type.Unknown());
const WEEK_SEC = 7 * 86_400;

export function alertRoutes(context: QueryContext, alerts: Alerts): void {
  const { app, note } = context;
  const { rules, silences } = alerts;

  app.route({
    method: "GET",
    url: "/v1/alerts",
    config: READERS,
    schema: {
      summary: "Alerts that are pending, fire, or were resolved lately; the newest first",
      tags: ["alerts"],
      querystring: Type.Object(NEWEST_FIRST, { additionalProperties: false }),
    },
    handler: (request): AlertsPage => {
      const all = alerts.list(principalOf(request));
      const { page, next } = pageOf(all, ({ sinceMs, fingerprint }) => [sinceMs, fingerprint], request.query);
      return { alerts: page, next };
    },
  });

  app.route({
    method: "GET",
    url: "/v1/alerts/rules",
    config: READERS,
    schema: {
      summary: "Alert rules that the caller may see, by name",
      tags: ["alerts"],
      querystring: Type.Object(BY_NAME, { additionalProperties: false }),
    },
    handler: (request): AlertRulesPage => {
      const own = rules.visibleTo(principalOf(request));
      const { page, next } = pageOf(own, (row) => [rules.nameOf(row), row.id], request.query);
      return { rules: page.map((row) => rules.info(row, alerts.problem(row))), next };
    },
  });

  app.route({
    method: "POST",
    url: "/v1/alerts/rules",
    config: WRITERS,
    schema: { summary: "Save an alert rule", tags: ["alerts"], body: JSON_OBJECT },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const row = await rules.create(request.body, principal);
      await note(principal, {
        action: "alert_rule.create",
        owner: row.owner,
        object: row.id,
        detail: { name: rules.nameOf(row) },
      });
      return reply.code(201).send(rules.info(row, ""));
    },
  });

  app.route({
    method: "GET",
    url: "/v1/alerts/rules/:id",
    config: READERS,
    schema: { summary: "One alert rule, and when it fired", tags: ["alerts"], params: ID },
    handler: (request) => {
      const row = rules.find(request.params.id, principalOf(request));
      return { ...rules.info(row, alerts.problem(row)), firings: alerts.firings(row) };
    },
  });

  app.route({
    method: "PUT",
    url: "/v1/alerts/rules/:id",
    config: WRITERS,
    schema: {
      summary: "Change an alert rule; what it had firing is resolved, and it begins anew",
      tags: ["alerts"],
      params: ID,
      body: JSON_OBJECT,
    },
    handler: async (request) => {
      const principal = principalOf(request);
      const row = await rules.change(request.params.id, request.body, principal);
      await note(principal, {
        action: "alert_rule.change",
        owner: row.owner,
        object: row.id,
        detail: { name: rules.nameOf(row) },
      });
      return rules.info(row, "");
    },
  });

  app.route({
    method: "DELETE",
    url: "/v1/alerts/rules/:id",
    config: WRITERS,
    schema: { summary: "Delete an alert rule; what it has firing is resolved", tags: ["alerts"], params: ID },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const row = await rules.remove(request.params.id, principal);
      await note(principal, {
        action: "alert_rule.delete",
        owner: row.owner,
        object: row.id,
        detail: { name: rules.nameOf(row) },
      });
      return reply.code(204).send();
    },
  });

  app.route({
    method: "POST",
    url: "/v1/alerts/test",
    // Only reads, whatever its method.
    config: { ...VALUES, scope: "read" },
    schema: {
      summary: "Try a rule against what was: where it would have fired, in the last seven days unless asked otherwise",
      tags: ["alerts"],
      body: Type.Object({ rule: JSON_OBJECT, ...RANGE }, { additionalProperties: false }),
    },
    handler: (request, reply) => {
      const { rule: json, from = -WEEK_SEC, to } = request.body;
      const owner = ownerOf(principalOf(request));
      const rule = rules.read(json, owner, "rule");
      return alerts.tryRule(rule, owner, parseRange(from, to, context.nowSec()), whileConnected(reply));
    },
  });

  app.route({
    method: "GET",
    url: "/v1/alerts/silences",
    config: READERS,
    schema: {
      summary: "Silences and maintenance windows, the newest first",
      tags: ["alerts"],
      querystring: Type.Object(NEWEST_FIRST, { additionalProperties: false }),
    },
    handler: (request): SilencesPage => {
      const own = silences.visibleTo(principalOf(request));
      const { page, next } = pageOf(own, ({ createdMs, id }) => [createdMs, id], request.query);
      return { silences: page.map(silenceInfo), next };
    },
  });

  app.route({
    method: "POST",
    url: "/v1/alerts/silences",
    config: WRITERS,
    schema: {
      summary: "Do not send alerts with certain labels for a while, or at certain hours of each week",
      tags: ["alerts"],
      body: JSON_OBJECT,
    },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const row = await silences.create(request.body, principal);
      await note(principal, { action: "silence.create", owner: row.owner, object: row.id });
      return reply.code(201).send(silenceInfo(row));
    },
  });

  app.route({
    method: "DELETE",
    url: "/v1/alerts/silences/:id",
    config: WRITERS,
    schema: { summary: "End a silence", tags: ["alerts"], params: ID },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const row = await silences.remove(request.params.id, principal);
      await note(principal, { action: "silence.delete", owner: row.owner, object: row.id });
      return reply.code(204).send();
    },
  });
}
