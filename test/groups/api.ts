/** The services over HTTP, on one engine a file. */
import { together } from "../together.ts";

await together("api", "query");
