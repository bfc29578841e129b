/**
 * instrumentation-routes.ts: instrumentations asked for, cloned, changed, read and deleted; and what collectors are to run for them.
 */
import { Type } from "typebox";
import type { InstrumentationDetail } from "../core/api.ts";
import { streamEvents } from "../server/events.ts";
import type { Reply, Request } from "../server/http.ts";
import type { InstrumentationRow } from "../store/instrumentations.ts";
import type { TokenRow } from "../store/tokens.ts";
import { ID, PREVIEWERS, principalOf, READERS, whileConnected, WRITERS, type QueryContext } from "./context.ts";
import { readPreview, requireHostRoom } from "./cost-preview.ts";
import { instrumentationHosts, instrumentationStates } from "./hosts.ts";
import { specOf, type InstrumentationInput } from "./instrumentations.ts";
import { tenantOf } from "./view.ts";

/** What may be said of one that is made, cloned or changed, beside what it counts. */
const CHANGEABLE = {
  retentionSec: Type.Optional(Type.Integer({ minimum: 60, maximum: 63_244_800 })),
  idleMaxSec: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 31_622_400, description: "deleted after so long without a reader; 0: never" }),
  ),
  label: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
};

const COUNTED = {
  predicate: Type.Optional(Type.Unknown()),
  decomposition: Type.Optional(Type.Array(Type.String({ maxLength: 64 }), { maxItems: 16 })),
  // Of both types at once: of a union null would become "".
  scheme: Type.Optional(Type.Unsafe<string | null>({ type: ["string", "null"], maxLength: 200 })),
  granularitySec: Type.Optional(Type.Integer()),
};

const ONCE = {
  lifeSec: Type.Optional(
    Type.Integer({ minimum: 60, maximum: 31_622_400, description: "deleted after so long, whoever reads it" }),
  ),
  dryRun: Type.Optional(Type.Boolean({ description: "make nothing: say what it would be and cost" })),
};

const NEW_INSTRUMENTATION = Type.Object(
  { metric: Type.String({ maxLength: 100 }), ...COUNTED, ...CHANGEABLE, ...ONCE },
  { additionalProperties: false },
);
const CLONE = Type.Object({ ...COUNTED, ...CHANGEABLE, ...ONCE }, { additionalProperties: false });
const CHANGE = Type.Object(CHANGEABLE, { additionalProperties: false, minProperties: 1 });

export function instrumentationRoutes(context: QueryContext): void {
  const { app, instrumentations, hosts, ownership, tokens, note, programOf } = context;
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

  const make = async (
    request: Request,
    reply: Reply,
    input: InstrumentationInput,
    dryRun: boolean,
    noted: { readonly action: string; readonly detail?: Readonly<Record<string, unknown>> },
  ): Promise<unknown> => {
    const principal = principalOf(request);
    if (dryRun) {
      return readPreview(context, instrumentations.draft(input, principal), principal, whileConnected(reply));
    }
    const row = await instrumentations.create(input, principal, (each) => requireHostRoom(context, each));
    const { id: object, owner, metric, label } = row;
    await note(principal, { ...noted, owner, object, detail: { metric, label, ...noted.detail } });
    return reply.code(201).send(instrumentations.summary(row));
  };

  app.route({
    method: "GET",
    url: "/v1/instrumentations",
    config: READERS,
    schema: {
      summary: "Instrumentations that the caller may see, with owner, age, expiry and cost class",
      tags: ["instrumentations"],
    },
    handler: (request) => ({
      instrumentations: instrumentations.visibleTo(principalOf(request)).map((row) => instrumentations.summary(row)),
    }),
  });

  app.route({
    method: "POST",
    url: "/v1/instrumentations",
    config: PREVIEWERS,
    schema: {
      summary: "Ask for something to be measured; with `dryRun` only say what that would be and cost",
      tags: ["instrumentations"],
      body: NEW_INSTRUMENTATION,
    },
    handler: (request, reply) => {
      const { dryRun = false, ...input } = request.body;
      return make(request, reply, input, dryRun, { action: "instrumentation.create" });
    },
  });

  app.route({
    method: "POST",
    url: "/v1/instrumentations/:id/clone",
    config: PREVIEWERS,
    schema: {
      summary: "The same again, with changes; what is not named is as in the original",
      tags: ["instrumentations"],
      params: ID,
      body: CLONE,
    },
    handler: (request, reply) => {
      const { dryRun = false, ...changes } = request.body;
      const row = instrumentations.find(request.params.id, principalOf(request));
      return make(request, reply, cloned(row, changes), dryRun, {
        action: "instrumentation.clone",
        detail: { from: row.id },
      });
    },
  });

  app.route({
    method: "PATCH",
    url: "/v1/instrumentations/:id",
    config: WRITERS,
    schema: {
      summary: "Change its label, how long it keeps what it measured, or how long it stays unread",
      tags: ["instrumentations"],
      params: ID,
      body: CHANGE,
    },
    handler: async (request) => {
      const principal = principalOf(request);
      const row = await instrumentations.change(request.params.id, request.body, principal);
      const { id: object, owner } = row;
      await note(principal, { action: "instrumentation.change", owner, object, detail: { ...request.body } });
      return instrumentations.summary(row);
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
      return { ...instrumentations.summary(row), program: programOf(row), ...fares(row.spec, principal) };
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

/** A copy's own end is its own affair: that of the original, and its standing, are not copied. */
function cloned(row: InstrumentationRow, changes: Omit<InstrumentationInput, "metric">): InstrumentationInput {
  const { metric, predicate, decomposition, granularitySec, retentionSec, label } = row;
  // A scheme is of its numeric field: where another one is asked for, it is that one's own.
  const { numeric } = specOf(row).spec;
  const isKept = numeric !== null && (changes.decomposition ?? decomposition).includes(numeric);
  const scheme = isKept ? { scheme: row.scheme } : {};
  const idle = row.idleMaxSec === 0 ? {} : { idleMaxSec: row.idleMaxSec };
  return { metric, predicate, decomposition, granularitySec, retentionSec, label, ...scheme, ...idle, ...changes };
}
