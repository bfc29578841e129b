/** The embedded engine, killed and bombed; backup and restore. */
import { together } from "../together.ts";

await together("engine");
