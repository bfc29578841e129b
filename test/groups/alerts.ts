/** Alerting: rules, states, who is told. */
import { together } from "../together.ts";

await together("alerts");
