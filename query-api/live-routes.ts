/**
 * live-routes.ts: columns as they come.
 */
import { Type } from "typebox";
import { OperationalError } from "../core/errors.ts";
import { streamEvents } from "../server/events.ts";
import { ID, principalOf, READERS, VIEW, type QueryContext } from "./context.ts";
import { notADistribution, readHeatmap } from "./heatmap.ts";
import { MAX_VIEWERS, ViewerCaps } from "./limits.ts";
import { Live } from "./live.ts";
import { Recent } from "./recent.ts";

export function liveRoutes(context: QueryContext): void {
  const { app, store, feed, log, metrics, tokens, instrumentations, viewOf, expectedFor, nowSec } = context;
  const live = new Live({
    recent: new Recent(feed),
    expectedFor,
    readHistory: async (view, fromTs, toTs, signal) => {
      const range = { fromTs, toTs };
      const columns = Math.max(1, Math.ceil((toTs - fromTs) / view.spec.granularitySec));
      return (await readHeatmap(store, view, { range, columns }, expectedFor(view.tenant), nowSec(), signal)).columns;
    },
    onError: (error) => log.error({ err: error }, "a live view failed to catch up"),
  });
  const caps = new ViewerCaps();
  const viewers = metrics.gauge("query_live_viewers", "Viewers of live columns.");

  app.route({
    method: "GET",
    url: "/v1/instrumentations/:id/live",
    config: READERS,
    schema: {
      summary: "Columns as they come, as server-sent events; a column that comes again replaces the earlier one",
      tags: ["values"],
      params: ID,
      querystring: Type.Object({ since: Type.Optional(Type.Integer()), ...VIEW }, { additionalProperties: false }),
    },
    handler: (request, reply) => {
      const { since, ...rest } = request.query;
      const view = viewOf(request, request.params.id, rest);
      if (view.spec.scheme === null) throw notADistribution(view);
      if (live.viewers >= MAX_VIEWERS) throw new OperationalError("TOO_MANY_VIEWERS", "watch live: too many viewers");
      const lastId = Number(request.headers["last-event-id"] ?? since ?? nowSec());
      const principal = principalOf(request);
      const { id } = view.instrumentation;
      const mayStay = (): boolean => tokens.stands(principal) && instrumentations.isThere(id, principal);
      const leave = caps.enter(principal.role === "tenant" ? principal.tenant : null);
      if (reply.raw.destroyed) leave();
      else reply.raw.once("close", leave);
      streamEvents(request, reply, mayStay, (stream) => {
        const stop = live.subscribe(view, Math.floor(lastId), stream);
        const stopWatch = instrumentations.watch(id);
        viewers.set(live.viewers);
        return () => {
          stopWatch();
          stop();
          viewers.set(live.viewers);
        };
      });
    },
  });
}
