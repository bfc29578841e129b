/** Batches, on the wire and at ingest. */
import { together } from "../together.ts";

await together("ingest", "wire");
