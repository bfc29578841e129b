/**
 * metadata-routes.ts: what there is to be asked for: metrics with their fields, and all that forms and axes are made of; hosts.
 */
import { OPERATORS, principalOf, READERS, type QueryContext } from "./context.ts";
import { hostInfos } from "./hosts.ts";
import { metricsFor } from "./instrumentations.ts";
import { metadataOf, metricInfo } from "./metadata.ts";

export function metadataRoutes({ app, hosts, ownership }: QueryContext): void {
  app.route({
    method: "GET",
    url: "/v1/metadata",
    config: READERS,
    schema: {
      summary:
        "Modules, metrics, fields, types, bucket schemes, operators, transformations: all that a client draws from",
      tags: ["metadata"],
    },
    handler: (request) => metadataOf(metricsFor(principalOf(request))),
  });

  app.route({
    method: "GET",
    url: "/v1/metrics",
    config: READERS,
    schema: { summary: "The metrics that the caller may use, with their fields", tags: ["metadata"] },
    handler: (request) => ({ metrics: metricsFor(principalOf(request)).map(metricInfo) }),
  });

  app.route({
    method: "GET",
    url: "/v1/hosts",
    config: OPERATORS,
    schema: { summary: "Hosts: how they are, what they can measure, what runs on them", tags: ["operations"] },
    handler: () => ({ hosts: hostInfos(hosts.all(), ownership.current(), Date.now()) }),
  });
}
