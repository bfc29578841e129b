/** The spool on disk, through power cuts. */
import { together } from "../together.ts";

await together("spool");
