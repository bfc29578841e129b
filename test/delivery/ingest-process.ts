/**
 * ingest-process.ts: a child process of these tests: ingest alone, on an engine that outlives it.
 *
 * DELIVERY_INGEST holds where the engine is, and the port. Says "ready" once it listens.
 */
import { startIngest } from "../../ingest/service.ts";
import { Streams } from "../../ingest/streams.ts";
import { silentLog } from "../../server/log.ts";
import { Metrics } from "../../server/metrics.ts";
import { createStoreClient, type StoreConnection } from "../../store/client.ts";
import { openState } from "../../store/state.ts";

export interface IngestOrder {
  readonly store: StoreConnection;
  readonly port: number;
  /** A deliberate mistake: every batch is stored whenever it comes. */
  readonly forgetful?: boolean;
}

const order = JSON.parse(process.env["DELIVERY_INGEST"] ?? "") as IngestOrder;
if (order.forgetful === true) {
  Streams.prototype.submit = async (_batch, insert) => {
    await insert();
    return "stored";
  };
}
const store = createStoreClient(order.store);
const state = await openState(store, () => undefined);
await startIngest({
  store,
  state,
  log: silentLog(),
  metrics: new Metrics(),
  host: "127.0.0.1",
  port: order.port,
});
process.on("disconnect", () => process.exit(0));
process.send?.("ready");
