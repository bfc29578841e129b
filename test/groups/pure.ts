/** What needs no process, no port and no clock. */
import { together } from "../together.ts";

await together("core", "kstat", "parser", "repository");
