/**
 * operation-routes.ts: what operates the service rather than uses it.
 */
import { OperationalError } from "../core/errors.ts";
import { ANYBODY, type QueryContext } from "./context.ts";

export function operationRoutes({ app, ready, metrics }: QueryContext): void {
  app.route({
    method: "GET",
    url: "/openapi.json",
    config: ANYBODY,
    schema: { hide: true },
    handler: () => app.swagger(),
  });
  app.route({
    method: "GET",
    url: "/healthz",
    config: ANYBODY,
    schema: { summary: "The process answers", tags: ["operations"] },
    handler: () => ({ ok: true }),
  });
  app.route({
    method: "GET",
    url: "/readyz",
    config: ANYBODY,
    schema: { summary: "What answers depend on is there", tags: ["operations"] },
    handler: async () => {
      await ready().catch((cause: unknown) => {
        throw new OperationalError("NOT_READY", "the store does not answer", { cause });
      });
      return { ok: true };
    },
  });
  app.route({
    method: "GET",
    url: "/metrics",
    config: ANYBODY,
    schema: { summary: "Prometheus metrics of this process", tags: ["operations"] },
    handler: async (_request, reply) => reply.type("text/plain; version=0.0.4").send(await metrics.text()),
  });
}
