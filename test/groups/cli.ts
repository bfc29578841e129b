/** The commands as people run them: processes of their own. */
import { together } from "../together.ts";

await together("cli");
