/** The embedded engine, killed and bombed; backup and restore; roll-ups whose job dies. */
import { together } from "../together.ts";

await together("engine", "rollups");
