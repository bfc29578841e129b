/**
 * openapi.ts: the OpenAPI document: what the routes say of themselves (parameters, bodies, summaries), completed with what they answer,
 * who may call them, and which errors follow from that.
 */
import type { TSchema } from "typebox";
import type { Access } from "../server/http.ts";
import type { Scope } from "../core/api.ts";
import { OPERATIONS, type Operation } from "./operations.ts";
import { SHAPES } from "./shapes.ts";

/** What this file touches of a document. */
export interface OpenApi {
  paths?: Record<string, Record<string, PathOperation>>;
  components?: Record<string, unknown>;
}

interface PathOperation {
  operationId?: string;
  description?: string;
  security?: unknown[];
  parameters?: unknown[];
  requestBody?: { content?: Record<string, { example?: unknown }> };
  responses?: Record<string, unknown>;
  [ACCESS]?: RouteAccess;
}

export interface RouteAccess {
  readonly access: Access;
  readonly scope?: Scope;
}

/** Where a route's rule is put, for `completed` and for readers. */
export const ACCESS = "x-access";

const ERRORS: Readonly<Record<number, readonly [name: string, description: string, code: string, message: string]>> = {
  400: [
    "BadInput",
    "A field is not as expected; `errors` names each",
    "INVALID_INPUT",
    "read the request's querystring",
  ],
  401: ["NoToken", "No token, or one that is not valid", "NO_TOKEN", "expected a valid token"],
  403: ["NotAllowed", "The token is for something else", "WRONG_ROLE", "expected a token for operator"],
  404: ["NotFound", "Unknown, or somebody else's: the answer is the same", "NOT_FOUND", "no such thing"],
  409: [
    "Conflict",
    "What is there stands against it",
    "STANDING",
    "delete an instrumentation: this one is part of the configuration",
  ],
  422: ["TooLarge", "It would take more rows or memory than one read may", "QUERY_TOO_LARGE", "query"],
  429: [
    "TooMany",
    "Above a limit; come again after Retry-After",
    "TOO_MANY_READS",
    "read values: 32 are waiting already",
  ],
  503: ["Unavailable", "The store does not answer, or not in time", "STORE_UNAVAILABLE", "query"],
};

/** Completes a document in place. */
export function completed(document: OpenApi): OpenApi {
  for (const [path, methods] of Object.entries(document.paths ?? {})) {
    for (const [method, operation] of Object.entries(methods)) {
      const known = OPERATIONS[`${method.toUpperCase()} ${path}`];
      if (known !== undefined) complete(operation, known, path);
    }
  }
  const schemas = Object.fromEntries(Object.entries(SHAPES).map(([name, schema]) => [name, published(schema, name)]));
  const responses = Object.fromEntries(
    Object.entries(ERRORS).map(([status, error]) => [error[0], errorResponse(status, error)]),
  );
  document.components = { ...document.components, schemas, responses };
  return document;
}

function complete(operation: PathOperation, known: Operation, path: string): void {
  const rule = operation[ACCESS];
  const isPublic = rule?.access === "public";
  operation.operationId = known.id;
  operation.description = whoMay(rule);
  if (isPublic) operation.security = [];
  for (const content of Object.values(operation.requestBody?.content ?? {})) content.example = known.sends;
  const statuses = new Set(known.errors);
  // A path that nobody finds, a header that nobody reads: any route may say so.
  if ((operation.parameters ?? []).length > 0 || operation.requestBody !== undefined) statuses.add(400);
  if (!isPublic) for (const status of [401, 403, 429]) statuses.add(status);
  if (path.includes("{id}")) statuses.add(404);
  if (/\/(heatmap|breakdown|series|live|quantiles|cell|windows|export)$/.test(path)) statuses.add(422);
  if (!isPublic) statuses.add(503);
  operation.responses = { [String(known.status ?? 200)]: success(known) };
  if (known.preview !== undefined) {
    const content = { "application/json": { schema: published(known.preview) } };
    operation.responses["200"] = { description: "With `dryRun`: what it would be; nothing was made", content };
  }
  for (const status of [...statuses].sort()) {
    operation.responses[String(status)] = { $ref: `#/components/responses/${ERRORS[status]?.[0] ?? ""}` };
  }
}

function whoMay(rule: RouteAccess | undefined): string {
  if (rule === undefined || rule.access === "public") return "Anybody may.";
  const roles = rule.access.map((role) =>
    role === "tenant" && rule.scope === "write" ? "tenant (scope write)" : role,
  );
  return `For tokens of the role ${roles.join(" or ")}.`;
}

function success({ answer, example, other = [] }: Operation): object {
  const content = {
    ...(answer === undefined ? {} : { "application/json": { schema: published(answer), example } }),
    ...Object.fromEntries(other.map((type) => [type, { schema: { type: "string" } }])),
  };
  return Object.keys(content).length === 0 ? { description: "Done" } : { description: "The answer", content };
}

function errorResponse(status: string, [, description, code, message]: readonly string[]): object {
  const retry = { "retry-after": { description: "seconds", schema: { type: "integer" } } };
  const schema = { $ref: "#/components/schemas/ErrorBody" };
  const content = { "application/json": { schema, example: { code, message, errors: [] } } };
  return { description, ...(status === "429" || status === "503" ? { headers: retry } : {}), content };
}

const NAMES = new Map<unknown, string>(Object.entries(SHAPES).map(([name, schema]) => [schema, name]));

/**
 * A schema as it is published: named shapes by reference, and open to fields that later versions add.
 *
 * @param self the name that it is published under, if it is
 */
function published(schema: TSchema, self?: string): unknown {
  return JSON.parse(
    JSON.stringify(schema, (key, value: unknown) => {
      if (key === "additionalProperties" && value === false) return undefined;
      const name = NAMES.get(value);
      return name === undefined || name === self ? value : { $ref: `#/components/schemas/${name}` };
    }),
  );
}
