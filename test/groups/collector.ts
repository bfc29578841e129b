/** A collector against simulated hosts: mostly waiting for the next second. */
import { together } from "../together.ts";

await together("collector");
