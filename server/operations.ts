/**
 * operations.ts: how a service is, at the same three addresses everywhere.
 *
 *   /healthz   the process answers         restart it where it does not
 *   /readyz    it is of use                send it nothing while it is not
 *   /metrics   what it says of itself, for Prometheus
 */
import type { App } from "./http.ts";
import type { Metrics } from "./metrics.ts";

const ANYBODY = { access: "public" } as const;
const TAGS = ["operations"];

export interface Operations {
  /** Names its count of answers: `isotherm_SERVICE_answers_total`. */
  readonly service: string;
  /** Rejects with NOT_READY while it is not. */
  readonly ready: () => Promise<void>;
  readonly metrics: Metrics;
}

export function operations(app: App, { service, ready, metrics }: Operations): void {
  const answers = metrics.counter(`${service}_answers_total`, `Answers of ${service} over HTTP, by class of status.`, [
    "status",
  ]);
  app.addHook("onResponse", (_request, reply, done) => {
    answers.inc({ status: `${Math.floor(reply.statusCode / 100)}xx` });
    done();
  });
  app.route({
    method: "GET",
    url: "/healthz",
    config: ANYBODY,
    schema: { summary: "The process answers", tags: TAGS },
    handler: () => ({ ok: true }),
  });
  app.route({
    method: "GET",
    url: "/readyz",
    config: ANYBODY,
    schema: { summary: "What answers depend on is there", tags: TAGS },
    handler: async () => {
      await ready();
      return { ok: true };
    },
  });
  app.route({
    method: "GET",
    url: "/metrics",
    config: ANYBODY,
    schema: { summary: "Prometheus metrics of this process", tags: TAGS },
    handler: async (_request, reply) => reply.type("text/plain; version=0.0.4").send(await metrics.text()),
  });
}
