/** Capacity planning over HTTP, on files, on paper and by the command: hundreds of statements on months of history. */
import { together } from "../together.ts";

await together("capacity-routes");
