/** Selections: a process of their own, since their rows must be of the last minutes when the tests run. */
import { together } from "../together.ts";

await together("selections");
