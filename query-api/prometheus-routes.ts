/**
 * prometheus-routes.ts: the part of Prometheus' HTTP API that its clients read by: Grafana, promtool, federation.
 *
 * Errors have Prometheus' shape on these routes, whoever made them, because that is the one that its clients show. Reading by POST is
 * how Grafana sends long queries; it changes nothing, so a token that may only read may do it. The routes are not in our OpenAPI
 * document: the API is the Prometheus project's, and described there (docs/prometheus.md says what of it is taken).
 */
import { errorChain, errorCode, OperationalError } from "../core/errors.ts";
import type { Reply, Request } from "../server/http.ts";
import { statusOf } from "../server/statuses.ts";
import { READERS, VALUES, whileConnected, type QueryContext } from "./context.ts";
import { errorAnswer, EXPOSITION, exposition, instantAnswer, rangeAnswer, success } from "./prometheus-answers.ts";
import { helpOf, labelNames, typeOf } from "./prometheus-names.ts";
import { QueryParams } from "./prometheus-params.ts";
import { PrometheusSource } from "./prometheus-source.ts";
import { evaluate } from "./promql-evaluate.ts";
import { parsePromql, parseSelector } from "./promql-syntax.ts";
import type { Vector } from "./promql-vectors.ts";

/** Newer windows than this may still be on their way: a sample that is taken away for good has only what is settled. */
const SETTLE_SEC = 5;
const FORM = "application/x-www-form-urlencoded";

type Answer = (source: PrometheusSource, params: QueryParams, request: Request) => unknown;

export function prometheusRoutes(context: QueryContext): void {
  const { nowSec, version } = context;

  const query: Answer = async (source, params) => {
    const steps = params.instant(nowSec());
    const expr = parsePromql(params.text("query"));
    return success(instantAnswer(await evaluate(expr, source.select(steps)), steps));
  };
  const queryRange: Answer = async (source, params) => {
    const steps = params.steps(nowSec());
    const expr = parsePromql(params.text("query"));
    return success(rangeAnswer(await evaluate(expr, source.select(steps)), steps));
  };
  const series: Answer = async (source, params) => {
    params.text("match[]");
    const found = [];
    for (const selector of selectorsOf(params)) found.push(...(await source.series(selector, params.range(nowSec()))));
    return success(found);
  };
  const labels: Answer = async (source, params) => {
    const selectors = selectorsOf(params);
    const families =
      selectors.length === 0
        ? source.families
        : (await Promise.all(selectors.map(({ matchers }) => source.matching(matchers)))).flat();
    return success([...new Set(families.flatMap(labelNames))].sort());
  };
  const labelValues: Answer = async (source, params, request) => {
    const { name } = request.params as { name: string };
    return success(await source.labelValues(name, selectorsOf(params), params.range(nowSec())));
  };
  const metadata: Answer = (source) => {
    const byName: Record<string, unknown> = {};
    for (const family of source.families)
      byName[family.base] = [{ type: typeOf(family), help: helpOf(family), unit: "" }];
    return success(byName);
  };
  const buildInfo: Answer = () =>
    success({
      version,
      revision: "",
      branch: "",
      buildUser: "",
      buildDate: "",
      goVersion: "",
      application: "isotherm",
    });

  context.app.register((app, _options, done) => {
    app.addContentTypeParser(FORM, { parseAs: "string" }, (_request, body, parsed) => {
      parsed(null, new URLSearchParams(body.toString()));
    });
    const route = (method: "GET" | "POST", url: string, answer: Answer, reads: boolean): void => {
      const access = reads ? VALUES : READERS;
      app.route({
        method,
        url,
        config: method === "GET" ? access : { ...access, scope: "read" },
        schema: { hide: true, querystring: PARAMETERS },
        errorHandler: sendError,
        handler: (request, reply) => {
          reply.header("cache-control", "no-store");
          const source = new PrometheusSource(context, request, whileConnected(reply));
          return answer(source, new QueryParams(request), request);
        },
      });
    };
    const both = (url: string, answer: Answer, reads = true): void => {
      route("GET", url, answer, reads);
      route("POST", url, answer, reads);
    };
    both("/api/v1/query", query);
    both("/api/v1/query_range", queryRange);
    both("/api/v1/series", series);
    both("/api/v1/labels", labels, false);
    route("GET", "/api/v1/label/:name/values", labelValues, true);
    route("GET", "/api/v1/metadata", metadata, false);
    route("GET", "/api/v1/status/buildinfo", buildInfo, false);
    app.route({
      method: "GET",
      url: "/federate",
      config: VALUES,
      schema: { hide: true, querystring: PARAMETERS },
      errorHandler: sendError,
      handler: async (request, reply) => {
        const params = new QueryParams(request);
        params.text("match[]");
        const source = new PrometheusSource(context, request, whileConnected(reply));
        const atMs = (Math.floor(nowSec()) - SETTLE_SEC) * 1000;
        const select = source.select({ ms: [atMs], stepMs: null }, true);
        const found = new Map<string, Vector[number]>();
        for (const selector of selectorsOf(params)) {
          for (const each of await select(selector, null, null)) found.set(JSON.stringify(each.labels), each);
        }
        return reply.type(EXPOSITION).send(exposition([...found.values()], atMs));
      },
    });
    done();
  });
}

function selectorsOf(params: QueryParams): ReturnType<typeof parseSelector>[] {
  return params.list("match[]").map((text) => parseSelector(text, "match[]"));
}

/** Clients send more than these, such as `timeout` and `limit`: what is not known is not used, as Prometheus has it. */
const PARAMETERS = {
  type: "object",
  properties: {
    query: { type: "string" },
    time: { type: "string" },
    start: { type: "string" },
    end: { type: "string" },
    step: { type: "string" },
    "match[]": { type: "array", items: { type: "string" } },
  },
} as const;

function sendError(error: Error, request: Request, reply: Reply): void {
  const status = statusOf(error);
  if (status >= 500) request.log.error({ err: error, chain: errorChain(error) }, "a request failed");
  if (status === 429 || status === 503) {
    const info = error instanceof OperationalError ? error.info : {};
    reply.header("retry-after", String(Number(info["retryAfterSec"] ?? 1)));
  }
  if (status === 401) reply.header("www-authenticate", "Bearer");
  const body = errorAnswer(error);
  const isLate = errorCode(error) === "STORE_TIMEOUT";
  void reply.code(status).send(isLate ? { ...body, errorType: "timeout" } : body);
}
