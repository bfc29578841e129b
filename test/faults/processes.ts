/** Roles and demos as processes of their own, also killed; programs on demand; the fuzz held against a verifier that lacks checks. */
import { together } from "../together.ts";

await together("processes", "fuzz");
