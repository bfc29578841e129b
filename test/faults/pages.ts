/** Boards, instruments and the fleet in a browser, in front of all services and a simulated host: they wait for real seconds. */
import { together } from "../together.ts";

await together("pages");
