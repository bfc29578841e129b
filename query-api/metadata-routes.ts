/**
 * metadata-routes.ts: what there is to be asked for: metrics with their fields, hosts.
 */
import type { MetricInfo } from "../core/api.ts";
import { metricName } from "../core/metric.ts";
import { OPERATORS, principalOf, READERS, type QueryContext } from "./context.ts";
import { hostInfos } from "./hosts.ts";
import { metricsFor } from "./instrumentations.ts";

export function metadataRoutes({ app, hosts, ownership }: QueryContext): void {
  app.route({
    method: "GET",
    url: "/v1/metrics",
    config: READERS,
    schema: { summary: "The metrics that the caller may use, with their fields", tags: ["metadata"] },
    handler: (request) => {
      const list = metricsFor(principalOf(request));
      return { metrics: list.map((metric): MetricInfo => ({ ...metric, name: metricName(metric) })) };
    },
  });

  app.route({
    method: "GET",
    url: "/v1/hosts",
    config: OPERATORS,
    schema: { summary: "Hosts: how they are, what they can measure, what runs on them", tags: ["operations"] },
    handler: () => ({ hosts: hostInfos(hosts.all(), ownership.current(), Date.now()) }),
  });
}
