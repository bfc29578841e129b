/**
 * tcp-connections.ts: connections made and accepted.
 */
import { TRIVIAL } from "../profiles.ts";
import { mix } from "../random.ts";
import type { Model, SeriesInit } from "./model.ts";

export const tcpConnections: Model = {
  metric: "tcp.connections",
  zoned: true,
  fields: { pid: "number", raddr: "string", rport: "number", lport: "number", direction: "string" },
  numeric: { subsecond: "subsecond" },
  seriesOf: (zone) =>
    zone.processes.slice(0, 1).flatMap((process) =>
      [0, 1, 2].flatMap((i): SeriesInit[] => {
        const raddr = `198.51.100.${1 + (mix(zone.seed, i) % 250)}`;
        const own = { pid: process.pid, raddr };
        return [
          { fields: { ...own, rport: 32_768 + i, lport: 443, direction: "in" }, rate: 9 / (i + 1), profile: TRIVIAL },
          { fields: { ...own, rport: 443, lport: 40_000 + i, direction: "out" }, rate: 2 / (i + 1), profile: TRIVIAL },
        ];
      }),
    ),
};
