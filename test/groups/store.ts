/** The embedded engine. */
import { together } from "../together.ts";

await together("store");
