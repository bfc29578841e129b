/** The roles as processes of their own, also killed. */
import { together } from "../together.ts";

await together("processes");
