/** Alerting beside others: a real Alertmanager, a second instance, hosts that go silent and data that come late. Mostly waiting. */
import { together } from "../together.ts";

await together("alerting");
