/**
 * operation-routes.ts: what operates the service rather than uses it.
 */
import { operations } from "../server/operations.ts";
import { ANYBODY, type QueryContext } from "./context.ts";

export function operationRoutes({ app, ready, metrics }: QueryContext): void {
  app.route({
    method: "GET",
    url: "/openapi.json",
    config: ANYBODY,
    schema: { hide: true },
    handler: () => app.swagger(),
  });
  operations(app, { service: "query", ready, metrics });
}
