/** The configuration that is shipped. A process of its own: it holds an engine, and a process holds one. */
import { together } from "../together.ts";

await together("deploy");
