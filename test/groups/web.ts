/** The page, in a browser and in its parts. */
import { together } from "../together.ts";

await together("web");
