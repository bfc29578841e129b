/**
 * gated-reads.ts: the routes that read values, held to the limits of query-api/limits.ts in one place.
 */
import type { App } from "../server/http.ts";
import type { Metrics } from "../server/metrics.ts";
import type { TokenRow } from "../store/tokens.ts";
import { principalOf, whileConnected } from "./context.ts";
import { ReadGate, type ReadLimits } from "./limits.ts";

/** Has every route that reads values wait for its turn. To be called before they are registered. @returns what changes the limits */
export function limitReads(app: App, limits: Partial<ReadLimits> | undefined, metrics: Metrics): ReadGate["limit"] {
  const gate = new ReadGate(limits);
  const running = metrics.gauge("query_reads_running", "Reads of values under way.");
  const waiting = metrics.gauge("query_reads_waiting", "Reads of values that wait for their turn.");
  const refused = metrics.counter("query_reads_refused_total", "Reads of values that were told to come later.");
  const seconds = metrics.seconds("query_read_seconds", "From a read of values to the end of its answer, by route.", [
    "route",
  ]);
  metrics.beforeText(() => {
    running.set(gate.running);
    waiting.set(gate.waiting);
  });
  app.addHook("preHandler", async (request, reply) => {
    if (request.routeOptions.config.reads !== true) return;
    const entered = gate.enter(callerOf(principalOf(request)), whileConnected(reply));
    entered.catch(() => refused.inc());
    const leave = await entered;
    // Also where the client went away, or the handler threw: every answer closes once.
    if (reply.raw.destroyed) leave();
    else reply.raw.once("close", leave);
  });
  app.addHook("onResponse", (request, reply, done) => {
    const { config, url = "" } = request.routeOptions;
    if (config.reads === true) seconds.observe({ route: url }, reply.elapsedTime / 1000);
    done();
  });
  return gate.limit;
}

/** Tenants as a whole; operators one by one, since they are not of one household. */
function callerOf(principal: TokenRow): string {
  return principal.role === "tenant" ? `tenant ${principal.tenant}` : principal.lineage;
}
