/** The whole path. */
import { together } from "../together.ts";

await together("e2e");
