/** Capacity planning: forecasts against known truth, and the routes on an imported history. */
import { together } from "../together.ts";

await together("capacity");
