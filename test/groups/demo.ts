/** The demo as people run it: processes of its own. */
import { together } from "../together.ts";

await together("demo");
