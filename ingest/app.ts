/**
 * app.ts: the ingest service's routes.
 *
 *   POST /v1/batches       one Arrow batch; answered when the engine has it on disk
 *   PUT  /v1/hosts/:host   a host's state, and its zones with their owners
 *
 * Both are for collectors only.
 */
import { Type } from "typebox";
import { createHash, timingSafeEqual } from "node:crypto";
import { OperationalError } from "../core/errors.ts";
import type { AttributedBatch } from "../core/window.ts";
import { createApp, type App } from "../server/http.ts";
import type { Log } from "../server/log.ts";
import type { Metrics } from "../server/metrics.ts";
import type { ControlTable } from "../store/control.ts";
import type { HostRow } from "../store/hosts.ts";
import type { Ownership } from "../store/ownership.ts";
import type { Tokens } from "../store/tokens.ts";
import { decodeBatch } from "../wire/batch.ts";
import { verifyBatch } from "./arrow-verifier.ts";
import { attribute } from "./attribution.ts";
import type { Feed } from "./feed.ts";
import { HOST_REPORT, HostRows } from "./host-report.ts";
import { Streams, type StreamStore } from "./streams.ts";

export interface IngestOptions {
  readonly log: Log;
  readonly tokens: Tokens;
  readonly ownership: Ownership;
  readonly hosts: ControlTable<HostRow>;
  readonly windows: StreamStore & {
    insert(batch: AttributedBatch, stream: string, seq: number): Promise<void>;
  };
  readonly feed: Feed;
  readonly metrics: Metrics;
}

const MAX_BATCH_BYTES = 4 * 1024 * 1024;
const COLLECTORS = { access: ["collector"] } as const;

export function createIngestApp(options: IngestOptions): App {
  const { log, tokens, ownership, hosts } = options;
  const app = createApp({ log, tokens, bodyLimitBytes: MAX_BATCH_BYTES });
  app.addContentTypeParser("application/vnd.apache.arrow.stream", { parseAs: "buffer" }, (_request, body, done) => {
    done(null, body);
  });
  const receive = batchReceiver(options);
  const hostRows = new HostRows(hosts, (error) => log.warn({ err: error }, "how hosts are could not be stored"));
  app.addHook("onClose", () => hostRows.close());

  app.route({
    method: "POST",
    url: "/v1/batches",
    config: COLLECTORS,
    schema: {
      headers: Type.Object({
        "isotherm-stream": Type.String({ pattern: "^[A-Za-z0-9._-]{1,64}$" }),
        "isotherm-seq": Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
        "isotherm-rows": Type.Integer({ minimum: 1, maximum: 1_000_000 }),
        "content-digest": Type.String({ pattern: "^sha-256=:[A-Za-z0-9+/]{43}=:$" }),
      }),
    },
    handler: async (request) => {
      if (!Buffer.isBuffer(request.body)) {
        throw new OperationalError(
          "BATCH_HEADERS",
          "read a batch: expected content-type application/vnd.apache.arrow.stream",
        );
      }
      const { headers } = request;
      return receive(
        request.body,
        headers["isotherm-stream"],
        headers["isotherm-seq"],
        headers["isotherm-rows"],
        headers["content-digest"],
      );
    },
  });

  app.route({
    method: "PUT",
    url: "/v1/hosts/:host",
    config: COLLECTORS,
    schema: { params: Type.Object({ host: Type.String(NAME) }), body: HOST_REPORT },
    handler: async (request) => {
      const name = request.params.host;
      const { zones, atMs } = request.body;
      // Owners before state: once a host is "up" its windows may come, and they need their tenants.
      if (zones !== undefined) await ownership.report(name, zones, atMs);
      hostRows.take(name, request.body);
      return { ok: true };
    },
  });
  return app;
}

const NAME = { minLength: 1, maxLength: 128 };

/** The path of a batch: digest, verify, decode, owners, store in its turn, publish. */
function batchReceiver({ ownership, windows, feed, metrics }: IngestOptions) {
  const streams = new Streams(windows);
  const batches = metrics.counter("ingest_batches_total", "Batches received, by outcome.", ["outcome"]);
  const rows = metrics.counter("ingest_rows_total", "Rows stored.");
  const quarantinedRows = metrics.counter(
    "ingest_quarantined_rows_total",
    "Rows of zones that nobody is known to own.",
  );
  const seconds = metrics.seconds("ingest_batch_seconds", "From a batch's last byte to its acknowledgement.");

  return async (body: Buffer, stream: string, seq: number, declaredRows: number, digest: string) => {
    const end = seconds.startTimer();
    checkDigest(body, digest);
    verifyBatch(body, declaredRows);
    const batch = decodeBatch(body);
    let stored: AttributedBatch | undefined;
    const outcome = await streams.submit(stream, seq, async () => {
      const { attributed, quarantined } = attribute(batch, (host, zone, atMs) => ownership.ownerAt(host, zone, atMs));
      await windows.insert(attributed, stream, seq);
      quarantinedRows.inc(quarantined);
      stored = attributed;
    });
    batches.inc({ outcome });
    if (stored !== undefined) {
      rows.inc(stored.rows);
      feed.publish({ stream, seq, batch: stored });
    }
    end();
    return { outcome };
  };
}

function checkDigest(body: Buffer, header: string): void {
  const expected = Buffer.from(header.slice("sha-256=:".length, -1), "base64");
  const actual = createHash("sha256").update(body).digest();
  if (expected.length !== actual.length || !timingSafeEqual(expected, actual)) {
    throw new OperationalError("BATCH_DIGEST", "read a batch: its bytes do not have the digest in Content-Digest");
  }
}
