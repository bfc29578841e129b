/** Simulated hosts, and programs for them. */
import { together } from "../together.ts";

await together("d-scripts", "linux", "simulator");
