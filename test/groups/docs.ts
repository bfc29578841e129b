/** The documents: their commands, configurations and links. */
import { together } from "../together.ts";

await together("docs");
