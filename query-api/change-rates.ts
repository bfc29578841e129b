/**
 * change-rates.ts: how much each tenant may change.
 *
 * A change is small, but it is kept: in the trail, in the tables of control state, in the memory of every process. Caps hold what a
 * tenant has; this holds what it makes and deletes again.
 */
import { OperationalError } from "../core/errors.ts";
import type { App } from "../server/http.ts";
import type { Metrics } from "../server/metrics.ts";
import { Rates, type RateLimits } from "../server/rates.ts";

/** A thousand at once is more than any plan that is applied as a whole. */
export const CHANGE_LIMITS: RateLimits = { burst: 1000, refillMs: 1000 };

/** Has tenants' writes counted. To be called before the routes are registered. */
export function limitChanges(app: App, limits: RateLimits = CHANGE_LIMITS, metrics: Metrics): void {
  const rates = new Rates(limits);
  const refused = metrics.counter("query_changes_refused_total", "Changes by tenants that were told to come later.");
  app.addHook("preHandler", (request, _reply, done) => {
    const isDry = (request.body as { readonly dryRun?: unknown } | null | undefined)?.dryRun === true;
    const { role, tenant } = request.principal ?? { role: "", tenant: "" };
    const isCounted = request.routeOptions.config.scope === "write" && role === "tenant" && !isDry;
    const overMs = isCounted ? rates.take(tenant) : 0;
    if (overMs > 0) refused.inc();
    done(overMs > 0 ? tooMany(overMs) : undefined);
  });
}

function tooMany(overMs: number): OperationalError {
  const message = "change something: a tenant may make a thousand changes, and one more each second";
  return new OperationalError("TOO_MANY_CHANGES", message, { info: { retryAfterSec: Math.ceil(overMs / 1000) } });
}
