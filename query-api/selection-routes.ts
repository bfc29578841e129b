/**
 * selection-routes.ts: what can be asked of a selection: what it is made of, what is different about it, and more closely.
 */
import { Type } from "typebox";
import type { Against } from "../core/api.ts";
import { MAX_WHERE_CHARS } from "../core/selection.ts";
import type { Request } from "../server/http.ts";
import { pairOf, readComparison, type Pair } from "./compare.ts";
import { PREVIEWERS, principalOf, VALUES, VIEW, whileConnected, type QueryContext } from "./context.ts";
import { readPreview, requireHostRoom } from "./cost-preview.ts";
import { DEFAULT_MINUTES, followUpOf, MAX_MINUTES } from "./follow-up.ts";
import { readSelectionBreakdown } from "./selection-breakdown.ts";
import { readDifference } from "./selection-difference.ts";
import { resolveSelection } from "./selection.ts";

const orNull = (description: string): ReturnType<typeof Type.Unsafe<number | null>> =>
  Type.Unsafe<number | null>({ type: ["number", "null"], description });

/** Checked again by core/selection.ts, which names each wrong field. */
const SELECTION = Type.Object(
  {
    instrumentation: Type.String({ maxLength: 64 }),
    from: Type.Number({ description: "epoch seconds; negative: seconds before `to`" }),
    to: Type.Optional(orNull("epoch seconds, exclusive; null or absent: now")),
    low: Type.Optional(orNull("values from here on, in the base unit; null or absent: open")),
    high: Type.Optional(orNull("values below this; null or absent: open")),
    where: Type.Optional(
      Type.Unsafe<object>({
        type: "object",
        additionalProperties: true,
        description: `predicate over the keys, at most ${MAX_WHERE_CHARS} characters`,
      }),
    ),
  },
  { additionalProperties: false },
);

const BY = Type.Optional(Type.String({ maxLength: 64, description: "a key; absent: every key" }));
const LIMIT = Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: "parts of a key; default 50" }));
const READ = { ...VALUES, scope: "read" } as const;
const DEFAULT_COLUMNS = 300;
/** Cells are JSON. */
const MAX_DIFFERENCE_COLUMNS = 1000;

export function selectionRoutes(context: QueryContext): void {
  const { app, store, expectedFor, nowSec, instrumentations, note } = context;
  const pairFrom = (
    request: Request,
    { a, b, against = b === undefined ? "rest" : "selection", tenant }: PairBody,
  ): Pair => {
    const one = resolveSelection(context, request, a, tenant, "a");
    const other = b === undefined ? undefined : resolveSelection(context, request, b, tenant, "b");
    return pairOf(one, against, other);
  };

  app.route({
    method: "POST",
    url: "/v1/selections/breakdown",
    config: READ,
    schema: {
      summary: "What a selection is made of, by one key or by each: parts + other = total, exactly",
      tags: ["selections"],
      body: Type.Object(
        { selection: SELECTION, by: BY, limit: LIMIT, tenant: VIEW.tenant },
        { additionalProperties: false },
      ),
    },
    handler: (request, reply) => {
      const { selection, by, limit = 50, tenant } = request.body;
      const selected = resolveSelection(context, request, selection, tenant);
      const expected = expectedFor(selected.view.tenant);
      return readSelectionBreakdown(store, selected, { by, limit }, expected, nowSec(), whileConnected(reply));
    },
  });

  app.route({
    method: "POST",
    url: "/v1/selections/compare",
    config: READ,
    schema: {
      summary: "What is different about a selection: shares of each key beside those in another, the rest, or before",
      tags: ["selections"],
      body: Type.Object(
        {
          a: SELECTION,
          b: Type.Optional(SELECTION),
          against: against(["selection", "rest", "hour", "day", "week"], "rest"),
          by: BY,
          limit: LIMIT,
          tenant: VIEW.tenant,
        },
        { additionalProperties: false },
      ),
    },
    handler: (request, reply) => {
      const { by, limit = 50 } = request.body;
      const pair = pairFrom(request, request.body);
      const expected = expectedFor(pair.a.view.tenant);
      return readComparison(store, pair, { by, limit }, expected, nowSec(), whileConnected(reply));
    },
  });

  app.route({
    method: "POST",
    url: "/v1/selections/difference",
    config: READ,
    schema: {
      summary: "One heatmap minus another, cell by cell on one grid: counts and shares; null where either is not known",
      tags: ["selections"],
      body: Type.Object(
        {
          a: SELECTION,
          b: Type.Optional(SELECTION),
          against: against(["selection", "hour", "day", "week"], "hour"),
          columns: Type.Optional(
            Type.Integer({ minimum: 1, maximum: MAX_DIFFERENCE_COLUMNS, description: "at most so many columns" }),
          ),
          tenant: VIEW.tenant,
        },
        { additionalProperties: false },
      ),
    },
    handler: (request, reply) => {
      const { columns = DEFAULT_COLUMNS, ...body } = request.body;
      const pair = pairFrom(request, { against: body.b === undefined ? "hour" : "selection", ...body });
      const expected = expectedFor(pair.a.view.tenant);
      return readDifference(store, pair, columns, expected, nowSec(), whileConnected(reply));
    },
  });

  app.route({
    method: "POST",
    url: "/v1/selections/follow-up",
    config: PREVIEWERS,
    schema: {
      summary: "Measure a selection with one more field, for some minutes; with `dryRun` only say what that would be",
      tags: ["selections", "instrumentations"],
      body: Type.Object(
        {
          selection: SELECTION,
          by: Type.String({ maxLength: 64, description: "the field to add" }),
          minutes: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: MAX_MINUTES,
              description: `until it ends; default ${DEFAULT_MINUTES}`,
            }),
          ),
          label: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
          dryRun: Type.Optional(Type.Boolean()),
        },
        { additionalProperties: false },
      ),
    },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const { selection, dryRun = false, ...asked } = request.body;
      const selected = resolveSelection(context, request, selection, undefined);
      const input = followUpOf(selected, asked, principal);
      if (dryRun) {
        const draft = instrumentations.draft(input, principal);
        return readPreview(context, draft, principal, whileConnected(reply));
      }
      const row = await instrumentations.create(input, principal, (each) => requireHostRoom(context, each));
      const { id: object, owner, metric, label } = row;
      const detail = { metric, label, from: selected.view.instrumentation.id };
      await note(principal, { action: "instrumentation.follow-up", owner, object, detail });
      return reply.code(201).send(instrumentations.summary(row));
    },
  });
}

interface PairBody {
  readonly a: unknown;
  readonly b?: unknown;
  readonly against?: Against | undefined;
  readonly tenant?: string | undefined;
}

function against<Each extends Against>(all: readonly Each[], otherwise: Each): ReturnType<typeof choice<Each>> {
  return choice(all, `with b: selection; without: ${otherwise} unless said otherwise`);
}

function choice<Each extends string>(all: readonly Each[], description: string) {
  return Type.Optional(Type.Unsafe<Each>({ type: "string", enum: all, description }));
}
