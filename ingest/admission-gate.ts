/**
 * admission-gate.ts: admission as a route of batches meets it: in by the headers, out when nothing is held any more.
 */
import type { Request, Reply } from "../server/http.ts";
import type { Metrics } from "../server/metrics.ts";
import { errorCode } from "../core/errors.ts";
import type { Admission } from "./admission.ts";

/** A body without a Content-Length may become as large as any. */
const UNKNOWN_BYTES = 4 * 1024 * 1024;

export class AdmissionGate {
  readonly #admission: Admission;
  readonly #entries = new WeakMap<Request, () => void>();
  readonly #onRefused: (code: string) => void;

  constructor(admission: Admission, metrics: Metrics) {
    this.#admission = admission;
    const refused = metrics.counter("ingest_refused_total", "Batches that were told to come later, by code.", ["code"]);
    for (const code of ["RATE_LIMITED", "INGEST_BUSY"]) refused.inc({ code }, 0);
    this.#onRefused = (code) => refused.inc({ code });
    const inFlight = metrics.gauge("ingest_in_flight_bytes", "Bodies of batches that are being received or stored.");
    metrics.beforeText(() => inFlight.set(admission.bytes));
  }

  /** As a route's onRequest hook, which runs when it is known who calls and before the body is read. */
  readonly onRequest = (request: Request, reply: Reply, done: (error?: Error) => void): void => {
    try {
      this.#enter(request, reply);
      done();
    } catch (error) {
      this.#onRefused(errorCode(error) ?? "");
      done(error as Error);
    }
  };

  /** Does the work of the route's handler in its turn. */
  async run<T>(request: Request, work: (collector: string) => Promise<T>): Promise<T> {
    const leave = this.#entries.get(request);
    // From here on the body is held by the work, whether the collector waits for the answer or not.
    this.#entries.delete(request);
    const collector = nameOf(request);
    try {
      return await this.#admission.turn(collector, () => work(collector));
    } finally {
      leave?.();
    }
  }

  #enter(request: Request, reply: Reply): void {
    const bytes = numberIn(request.headers["content-length"], UNKNOWN_BYTES);
    const rows = numberIn(request.headers["isotherm-rows"], 0);
    this.#entries.set(request, this.#admission.enter(nameOf(request), { bytes, rows }));
    // A batch that was cut off or is malformed never comes to its turn.
    reply.raw.once("close", () => this.#entries.get(request)?.());
  }
}

/** A collector is its token, and those that follow it by rotation. */
function nameOf(request: Request): string {
  return request.principal?.lineage ?? "";
}

/** What a header says, while it may yet turn out to be no number: the route's schema is checked later. */
function numberIn(header: string | string[] | undefined, otherwise: number): number {
  const value = Number(header);
  return Number.isFinite(value) && value >= 0 ? Math.min(value, UNKNOWN_BYTES) : otherwise;
}
