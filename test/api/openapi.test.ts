/**
 * The OpenAPI document: whole, by redocly's strict rules; true, since real answers are of the shapes that it gives; and current, with
 * the types that are made of it.
 */
import createClient from "openapi-fetch";
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { TSchema } from "typebox";
import { Value } from "typebox/value";
import type { paths } from "../../core/api-paths.ts";
import { OPERATIONS } from "../../query-api/operations.ts";
import { ErrorBody } from "../../query-api/shapes-access.ts";
import type { Client } from "../e2e/stack.ts";
import { SEC, startBed, type Bed } from "./matrix-bed.ts";
import { ROWS } from "./matrix-rows.ts";
import { generate, lint, stale, type Generated } from "./openapi-files.ts";

interface Described {
  readonly summary?: string;
  readonly operationId?: string;
  readonly security?: unknown[];
  readonly requestBody?: { readonly content: Record<string, { readonly example?: unknown; readonly schema: object }> };
  readonly responses: Record<string, { readonly content?: Record<string, { readonly example?: unknown }> }>;
}

describe("the OpenAPI document", () => {
  let generated: Generated;
  before(async () => (generated = await generate()));

  const operations = (): [name: string, operation: Described][] =>
    Object.entries(generated.document["paths"] as Record<string, Record<string, Described>>).flatMap(
      ([path, methods]) =>
        Object.entries(methods).map(([method, each]): [string, Described] => [`${method.toUpperCase()} ${path}`, each]),
    );

  test("has nothing that redocly's strict rules would change", async () => {
    assert.deepEqual(await lint(generated.document), []);
  });

  test("is the one in docs, and the types in core are made of it: else run npm run openapi", async () => {
    assert.deepEqual(await stale(generated), []);
  });

  test("describes every route: summary, who may, what is answered with an example, every error", () => {
    // Prometheus' API is described by the Prometheus project; through /oidc/ a browser goes, and no program.
    const isHidden = (name: string): boolean => /openapi\.json$|\/api\/v1\/|\/federate$|\/oidc\//.test(name);
    const routes = Object.keys(ROWS).map((name) => name.replaceAll(/:(\w+)/g, "{$1}"));
    assert.deepEqual(
      operations()
        .map(([name]) => name)
        .sort(),
      routes.filter((name) => !isHidden(name)).sort(),
    );
    assert.deepEqual(
      Object.keys(OPERATIONS).sort(),
      operations()
        .map(([name]) => name)
        .sort(),
    );
    for (const [name, { summary, operationId, responses, security, requestBody }] of operations()) {
      assert.ok(summary && operationId, name);
      const isPublic = ROWS[name.replaceAll(/\{(\w+)\}/g, ":$1")]?.who === "anybody";
      assert.equal(security?.length === 0, isPublic, `${name}: what it says of auth`);
      for (const status of isPublic ? [] : ["401", "403", "429", "503"])
        assert.ok(responses[status], `${name} ${status}`);
      if (name.includes("{id}")) assert.ok(responses["404"], name);
      if (requestBody !== undefined) {
        assert.ok(responses["400"], name);
        assert.ok(requestBody.content["application/json"]?.example, `${name}: an example of what is sent`);
      }
    }
  });

  test("has examples that are what they are examples of", () => {
    for (const [name, { answer, example }] of Object.entries(OPERATIONS)) {
      if (answer !== undefined && example !== undefined) assertShape(answer, example, name);
    }
  });

  describe("beside the API itself", () => {
    let bed: Bed;
    before(async () => (bed = await startBed()));
    after(() => bed.close());

    test("every JSON answer is of its shape, with no field that is not in it", async () => {
      let checked = 0;
      for (const [name, { id, ends, params = {}, query, body, values, until, status = 403 }] of Object.entries(ROWS)) {
        const [method = "", url = ""] = name.split(" ");
        const operation = OPERATIONS[name.replaceAll(/:(\w+)/g, "{$1}")];
        if (until !== undefined || operation?.answer === undefined) continue;
        for (const client of [bed.operator, bed.writer, bed.reader]) {
          const things = values === true ? { ...bed.own, instrumentation: bed.standing } : bed.own;
          const own = id === undefined ? "" : ends === true ? await bed.fresh(id) : things[id];
          const place = url.replace(":id", own).replaceAll(/:(\w+)/g, (_all, other: string) => params[other] ?? "");
          const path = place + (query === undefined ? "" : `?${query}`);
          const answer = await send(client, method, path, body?.(bed, things));
          const json: unknown = JSON.parse(answer.text);
          if (answer.status >= 400) {
            assertShape(ErrorBody, json, name);
            assert.ok([403, status].includes(answer.status), `${name}: ${answer.text}`);
            continue;
          }
          // With `dryRun` it is 200 and says what would be; PUT makes with 201 and changes with 200.
          const isPreview = operation.preview !== undefined && answer.status === 200;
          if (!isPreview)
            assert.ok([operation.status ?? 200, 201].includes(answer.status), `${name}: ${answer.status}`);
          assertShape(isPreview ? operation.preview : operation.answer, json, name);
          checked += 1;
        }
      }
      assert.ok(checked > 30, `${checked} answers`);
    });

    test("a client made of its types asks and understands", async () => {
      const headers = { authorization: `Bearer ${bed.writer.token}` };
      const client = createClient<paths, "application/json">({ baseUrl: bed.url, headers });
      const { data } = await client.GET("/v1/instrumentations/{id}/heatmap", {
        params: { path: { id: bed.standing }, query: { from: SEC, to: SEC + 4 } },
      });
      assert.equal(data?.total, 20);
      assert.equal(data.columns[0]?.total, 10);
      const made = await client.POST("/v1/instrumentations", { body: { metric: "no.such" } });
      assert.equal(made.data, undefined);
      assert.equal(made.error.errors[0]?.field, "metric");
      // @ts-expect-error there is no such path
      await client.GET("/v1/instrumentation");
    });
  });
});

async function send(
  client: Client,
  method: string,
  path: string,
  body: unknown,
): Promise<{ status: number; text: string }> {
  const headers = { origin: client.url, ...(body === undefined ? {} : { "content-type": "application/json" }) };
  const response = await client.fetch(path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}

function assertShape(schema: TSchema, value: unknown, name: string): void {
  if (Value.Check(schema, value)) return;
  const [first] = Value.Errors(schema, value);
  assert.fail(`${name}: ${JSON.stringify(first)} in ${JSON.stringify(value).slice(0, 500)}`);
}
