/**
 * instrumentation-routes.ts: instrumentations asked for, read and deleted; and what collectors are to run for them.
 */
import { Type, type Static } from "typebox";
import type { InstrumentationDetail } from "../core/api.ts";
import { streamEvents } from "../server/events.ts";
import type { TokenRow } from "../store/tokens.ts";
import { ID, principalOf, READERS, WRITERS, type QueryContext } from "./context.ts";
import { instrumentationHosts, instrumentationStates } from "./hosts.ts";
import { instrumentationInfo } from "./instrumentations.ts";
import { tenantOf } from "./view.ts";

const NEW_INSTRUMENTATION = Type.Object(
  {
    metric: Type.String({ maxLength: 100 }),
    predicate: Type.Optional(Type.Unknown()),
    decomposition: Type.Optional(Type.Array(Type.String({ maxLength: 64 }), { maxItems: 16 })),
    scheme: Type.Optional(Type.Union([Type.String({ maxLength: 200 }), Type.Null()])),
    granularitySec: Type.Optional(Type.Integer()),
    retentionSec: Type.Optional(Type.Integer({ minimum: 60, maximum: 63_244_800 })),
    idleMaxSec: Type.Optional(Type.Integer({ minimum: 0, maximum: 31_622_400 })),
    label: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  },
  { additionalProperties: false },
);

export function instrumentationRoutes({
  app,
  instrumentations,
  hosts,
  ownership,
  tokens,
  note,
  programOf,
}: QueryContext): void {
  const fares = (spec: string, principal: TokenRow): Pick<InstrumentationDetail, "states" | "hosts"> => {
    const tenant = tenantOf(principal, undefined);
    const rows = hosts.all();
    if (tenant === null) {
      const all = instrumentationHosts(spec, rows, Date.now());
      return { states: instrumentationStates(all), hosts: all };
    }
    const own = new Set(ownership.current().flatMap(({ host, owner }) => (owner === tenant ? [host] : [])));
    const where = rows.filter((row) => own.has(row.name));
    return { states: instrumentationStates(instrumentationHosts(spec, where, Date.now())) };
  };

  app.route({
    method: "GET",
    url: "/v1/instrumentations",
    config: READERS,
    schema: { summary: "Instrumentations that the caller may see", tags: ["instrumentations"] },
    handler: (request) => ({
      instrumentations: instrumentations.visibleTo(principalOf(request)).map(instrumentationInfo),
    }),
  });

  app.route({
    method: "POST",
    url: "/v1/instrumentations",
    config: WRITERS,
    schema: { summary: "Ask for something to be measured", tags: ["instrumentations"], body: NEW_INSTRUMENTATION },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const row = await instrumentations.create(defined(request.body), principal);
      const { id: object, owner, metric, label } = row;
      await note(principal, { action: "instrumentation.create", owner, object, detail: { metric, label } });
      return reply.code(201).send(instrumentationInfo(row));
    },
  });

  app.route({
    method: "GET",
    url: "/v1/instrumentations/:id",
    config: READERS,
    schema: { summary: "One instrumentation, with the D program that it runs", tags: ["instrumentations"], params: ID },
    handler: (request) => {
      const principal = principalOf(request);
      const row = instrumentations.find(request.params.id, principal);
      return { ...instrumentationInfo(row), program: programOf(row), ...fares(row.spec, principal) };
    },
  });

  app.route({
    method: "DELETE",
    url: "/v1/instrumentations/:id",
    config: WRITERS,
    schema: {
      summary: "Stop measuring; what was measured stays for its retention",
      tags: ["instrumentations"],
      params: ID,
    },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const { id: object, owner, metric, label } = instrumentations.find(request.params.id, principal);
      await instrumentations.remove(object, principal);
      await note(principal, { action: "instrumentation.delete", owner, object, detail: { metric, label } });
      return reply.code(204).send();
    },
  });

  app.route({
    method: "GET",
    url: "/v1/assignments",
    config: { access: ["collector"] },
    schema: {
      summary: "What collectors are to run, again whenever it changes (server-sent events)",
      tags: ["collectors"],
    },
    handler: (request, reply) => {
      const principal = principalOf(request);
      const mayStay = (): boolean => tokens.stands(principal);
      streamEvents(request, reply, mayStay, (stream) => {
        const send = (): void => {
          stream.write(`event: assignments\ndata: ${JSON.stringify(instrumentations.assignments())}\n\n`);
        };
        send();
        return instrumentations.onChange(send);
      });
    },
  });
}

/** Drops keys whose value is undefined, which exactOptionalPropertyTypes tells apart from absent ones. */
function defined(body: Static<typeof NEW_INSTRUMENTATION>): Static<typeof NEW_INSTRUMENTATION> & { metric: string } {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as typeof body;
}
