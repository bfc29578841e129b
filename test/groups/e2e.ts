/** The whole path, also where parts of it fail. */
import { together } from "../together.ts";

await together("e2e", "delivery");
