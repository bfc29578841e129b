/**
 * fleet-routes.ts: the fleet as those who run it see it: every zone with its host and owner, and how data arrive.
 */
import type { ZoneInfo } from "../core/api.ts";
import { isLiving } from "../store/tenants.ts";
import { OPERATORS, whileConnected, type QueryContext } from "./context.ts";
import { readFleet } from "./fleet.ts";

export function fleetRoutes({ app, store, ownership, tenants, nowSec }: QueryContext): void {
  app.route({
    method: "GET",
    url: "/v1/zones",
    config: OPERATORS,
    schema: { summary: "Every zone that is there now: on which host, and whose", tags: ["operations"] },
    handler: () => ({
      zones: ownership
        .current()
        .map(({ zone, alias, host, state, owner, fromMs }): ZoneInfo => {
          const account = tenants.get(owner);
          const ownerName = isLiving(account) ? account.name : null;
          return { zone, alias, host, state, owner, ownerName, sinceMs: fromMs };
        })
        .sort((a, b) => (a.host === b.host ? (a.alias < b.alias ? -1 : 1) : a.host < b.host ? -1 : 1)),
    }),
  });

  app.route({
    method: "GET",
    url: "/v1/fleet",
    config: { ...OPERATORS, reads: true },
    schema: {
      summary: "How data arrive: windows, gaps, losses and delay by host, and the streams of batches",
      tags: ["operations"],
    },
    handler: (_request, reply) => readFleet(store, nowSec(), whileConnected(reply)),
  });
}
