/**
 * app.ts: the ingest service's routes.
 *
 *   POST /v1/batches       one Arrow batch; answered when the engine has it on disk
 *   PUT  /v1/hosts/:host   a host's state, and its zones with their owners
 *   DELETE /v1/hosts/:host/collector   an operator leaves a host to another collector
 *   GET  /v1/feed          stored batches as they come, without end
 *   GET  /healthz, /readyz, /metrics
 *
 * Batches and states are for collectors only, the feed for query APIs.
 */
import { Type } from "typebox";
import { createHash, timingSafeEqual } from "node:crypto";
import { InputError, OperationalError } from "../core/errors.ts";
import { batchName, type AttributedBatch } from "../core/window.ts";
import { createApp, notFound, type App } from "../server/http.ts";
import type { Log } from "../server/log.ts";
import type { Metrics } from "../server/metrics.ts";
import { operations } from "../server/operations.ts";
import type { Claims } from "../store/claims.ts";
import type { ControlTable } from "../store/control.ts";
import type { HostRow } from "../store/hosts.ts";
import type { Ownership } from "../store/ownership.ts";
import type { Tokens } from "../store/tokens.ts";
import { decodeBatch } from "../wire/batch.ts";
import { AdmissionGate } from "./admission-gate.ts";
import { TENANT_LIMITS, TenantQuotas, type TenantLimits } from "./admission-tenants.ts";
import { ADMISSION_LIMITS, Admission, type AdmissionLimits } from "./admission.ts";
import { verifyBatch } from "./arrow-verifier.ts";
import { attribute } from "./attribution.ts";
import { feedRoute, type FeedRouteOptions } from "./feed-route.ts";
import type { Feed } from "./feed.ts";
import { withoutHosts } from "./foreign.ts";
import { HOST_REPORT, HostRows } from "./host-report.ts";
import { capKeys } from "./key-cap.ts";
import { declareLate } from "./late.ts";
import { type BatchId, Streams, type StreamStore } from "./streams.ts";

export interface IngestOptions {
  readonly log: Log;
  readonly tokens: Tokens;
  readonly ownership: Ownership;
  readonly hosts: ControlTable<HostRow>;
  readonly claims: Claims;
  readonly windows: StreamStore & {
    insert(batch: AttributedBatch, stream: string, seq: number, digest: string): Promise<void>;
  };
  readonly feed: Feed;
  readonly metrics: Metrics;
  /** Rejects with NOT_READY while batches cannot be stored. */
  readonly ready: () => Promise<void>;
  /** What is not named is as ADMISSION_LIMITS has it. */
  readonly admission?: Partial<AdmissionLimits>;
  /** What is not named is as TENANT_LIMITS has it. */
  readonly tenantLimits?: Partial<TenantLimits>;
  readonly feedTimings?: FeedRouteOptions;
}

const MAX_BATCH_BYTES = 4 * 1024 * 1024;
const COLLECTORS = { access: ["collector"] } as const;

export interface IngestApp {
  readonly app: App;
  /** Other limits from now on; those that are not named are the defaults. */
  readonly limit: (admission: Partial<AdmissionLimits>, tenants: Partial<TenantLimits>) => void;
}

export function createIngestApp(options: IngestOptions): IngestApp {
  const { log, tokens, ownership, hosts, claims } = options;
  const app = createApp({ log, tokens, bodyLimitBytes: MAX_BATCH_BYTES });
  app.addContentTypeParser("application/vnd.apache.arrow.stream", { parseAs: "buffer" }, (_request, body, done) => {
    done(null, body);
  });
  const admission = new Admission({ ...ADMISSION_LIMITS, ...options.admission });
  const gate = new AdmissionGate(admission, options.metrics);
  const tenants = new TenantQuotas({ ...TENANT_LIMITS, ...options.tenantLimits });
  const receive = batchReceiver(options, admission, tenants);
  const hostRows = new HostRows(hosts, (error) => log.warn({ err: error }, "how hosts are could not be stored"));
  app.addHook("onClose", () => hostRows.close());

  app.route({
    method: "POST",
    url: "/v1/batches",
    config: COLLECTORS,
    onRequest: gate.onRequest,
    schema: {
      headers: Type.Object({
        "isotherm-stream": Type.String({ pattern: "^[A-Za-z0-9._-]{1,64}$" }),
        "isotherm-seq": Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
        "isotherm-after": Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
        "isotherm-rows": Type.Integer({ minimum: 1, maximum: 1_000_000 }),
        "content-digest": Type.String({ pattern: "^sha-256=:[A-Za-z0-9+/]{43}=:$" }),
      }),
    },
    handler: async (request) => {
      const { body, headers } = request;
      if (!Buffer.isBuffer(body)) {
        throw new OperationalError(
          "BATCH_HEADERS",
          "read a batch: expected content-type application/vnd.apache.arrow.stream",
        );
      }
      const id = batchId(headers);
      // The batch's name in every line of the log, here as at the collector.
      request.log = request.log.child({ batch: batchName(id.stream, id.seq) });
      const begun = performance.now();
      const answer = await gate.run(request, (collector) => receive(body, headers["isotherm-rows"], id, collector));
      request.log.debug({ ...answer, tookMs: Math.round(performance.now() - begun) }, "batch answered");
      return answer;
    },
  });

  app.route({
    method: "PUT",
    url: "/v1/hosts/:host",
    config: COLLECTORS,
    schema: { params: Type.Object({ host: Type.String(NAME) }), body: HOST_REPORT },
    handler: async (request) => {
      const name = request.params.host;
      const { zones, state } = request.body;
      // A collector's clock may be ahead. What it then said would hold against all that it says once its clock is right again.
      const atMs = Math.min(request.body.atMs, Date.now());
      const foreign = await claims.foreign([name], request.principal?.lineage ?? "");
      if (foreign.length > 0) {
        throw new OperationalError("HOST_CLAIMED", `report host ${name}: another collector's token speaks for it`);
      }
      // Owners before state: once a host is "up" its windows may come, and they need their tenants.
      if (zones !== undefined) await ownership.report(name, zones, atMs);
      hostRows.take(name, { ...request.body, atMs });
      if (state === "removed") await claims.release(name);
      return { ok: true };
    },
  });
  app.route({
    method: "DELETE",
    url: "/v1/hosts/:host/collector",
    config: { access: ["operator"] },
    schema: { params: Type.Object({ host: Type.String(NAME) }) },
    handler: async (request) => {
      if (!(await claims.release(request.params.host))) throw notFound();
      return { ok: true };
    },
  });
  operations(app, { service: "ingest", ready: options.ready, metrics: options.metrics });
  feedRoute(app, options.feed, tokens, options.feedTimings);
  return {
    app,
    limit: (collectors, ofTenants) => {
      admission.limit({ ...ADMISSION_LIMITS, ...collectors });
      tenants.limit({ ...TENANT_LIMITS, ...ofTenants });
    },
  };
}

const NAME = { minLength: 1, maxLength: 128 };

interface BatchHeaders {
  readonly "isotherm-stream": string;
  readonly "isotherm-seq": number;
  readonly "isotherm-after"?: number | undefined;
  readonly "content-digest": string;
}

/** Without `isotherm-after` a batch follows the one numbered before it: older collectors leave no number out. */
function batchId(headers: BatchHeaders): BatchId {
  const seq = headers["isotherm-seq"];
  const after = headers["isotherm-after"] ?? seq - 1;
  if (after >= seq) {
    const message = "expected a number below isotherm-seq";
    throw new InputError("read a batch", [{ field: "isotherm-after", code: "NOT_BEFORE", message }]);
  }
  return { stream: headers["isotherm-stream"], seq, after, digest: headers["content-digest"] };
}

/** The path of a batch: digest, verify, decode, owners, store in its turn, publish. */
function batchReceiver(options: IngestOptions, admission: Admission, tenants: TenantQuotas) {
  const { ownership, claims, windows, feed, metrics } = options;
  const streams = new Streams(windows);
  const batches = metrics.counter("ingest_batches_total", "Batches received, by outcome.", ["outcome"]);
  const rows = metrics.counter("ingest_rows_total", "Rows stored.");
  const quarantinedRows = metrics.counter(
    "ingest_quarantined_rows_total",
    "Rows of zones that nobody is known to own.",
  );
  const mergedKeysTotal = metrics.counter(
    "ingest_merged_keys_total",
    'Keys that became part of an "(other)": their window had too many, or their tenant was over its quota.',
  );
  const foreignRows = metrics.counter(
    "ingest_foreign_rows_total",
    "Rows of hosts that another collector's token speaks for: not stored.",
  );
  const lateTotal = metrics.counter("ingest_late_windows_total", "Windows older than 48 h when they came: gaps now.");
  const seconds = metrics.seconds("ingest_batch_seconds", "From a batch's last byte to its acknowledgement.");
  const lag = metrics.ages("ingest_lag_seconds", "From the end of a batch's newest window until it was stored.");

  return async (body: Buffer, declaredRows: number, id: BatchId, collector: string) => {
    const { stream, seq } = id;
    const end = seconds.startTimer();
    checkDigest(body, id.digest);
    verifyBatch(body, declaredRows);
    const batch = decodeBatch(body);
    admission.charge(collector, { keys: batch.keys.reduce((sum, { values }) => sum + values.length, 0) });
    // A stream has one token, as a host has: its numbers by another's would make duplicates of batches that are not stored.
    const streamClaim = `stream ${stream}`;
    const foreign = await claims.foreign([streamClaim, ...batch.host.values], collector);
    if (foreign.includes(streamClaim)) {
      throw new OperationalError("STREAM_CLAIMED", `store batch ${seq} of a stream: it is another collector's token's`);
    }
    const prepare = () => {
      const { attributed, quarantined } = attribute(batch, (host, zone, atMs) => ownership.ownerAt(host, zone, atMs));
      const own = withoutHosts(attributed, foreign);
      const { batch: timely, lateWindows } = declareLate(own, Date.now());
      const { batch: capped, mergedKeys } = capKeys(timely, tenants.capOf);
      return { capped, quarantined, mergedKeys, lateWindows, foreignCount: batch.rows - own.rows };
    };
    const outcome = await streams.submit(id, async () => {
      const { capped, quarantined, mergedKeys, lateWindows, foreignCount } = prepare();
      await windows.insert(capped, stream, seq, id.digest);
      mergedKeysTotal.inc(mergedKeys);
      tenants.charge(capped);
      quarantinedRows.inc(quarantined);
      lateTotal.inc(lateWindows);
      foreignRows.inc(foreignCount);
      rows.inc(capped.rows);
      lag.observe(Math.max(0, Date.now() / 1000 - newestTs(capped) - 1));
      feed.publish({ stream, seq, batch: capped });
    });
    batches.inc({ outcome });
    // Stored by an insert whose answer was lost, or by another process: nobody here has told of it yet.
    if (outcome === "duplicate" && !feed.has(stream, seq)) feed.publish({ stream, seq, batch: prepare().capped });
    end();
    return { outcome };
  };
}

/** Columns are mostly of one second, which begins then. */
function newestTs({ ts, rows }: AttributedBatch): number {
  let newest = 0;
  for (let row = 0; row < rows; row++) newest = Math.max(newest, ts[row] ?? 0);
  return newest;
}

function checkDigest(body: Buffer, header: string): void {
  const expected = Buffer.from(header.slice("sha-256=:".length, -1), "base64");
  const actual = createHash("sha256").update(body).digest();
  if (expected.length !== actual.length || !timingSafeEqual(expected, actual)) {
    throw new OperationalError("BATCH_DIGEST", "read a batch: its bytes do not have the digest in Content-Digest");
  }
}
