/**
 * Each incident of the simulator fires the rule of deploy/alerts/example.yaml that is about it, where it is and while it lasts, and nothing in
 * the file fires elsewhere or before: rules are tried against the past of simulated hosts, by the lines that evaluate the present too.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { readAlertFile } from "../../cli/alert-files.ts";
import type { IncidentKind } from "../../collectors/simulator/options.ts";
import type { AlertTest } from "../../core/alerts/api.ts";
import { startStack, type Stack } from "../e2e/stack.ts";
import { until } from "../until.ts";

const QUIET_SEC = 60;
/** A rule needs a minute and a half of it; those of the demo are two minutes long. */
const INCIDENT_SEC = 110;
const SINCE_SEC = 15;
const HOSTS = 3;

/** On which host each is, and what fires of its zones; what is not of zones under null. Who waits for a lost packet reads slowly too. */
const INCIDENTS: Readonly<Record<IncidentKind, { host: string; fits: string; ofZones: readonly string[] }>> = {
  "slow-disk": { host: "cn-01", fits: "reads are slow", ofZones: ["reads are slow"] },
  "dropped-packets": { host: "cn-02", fits: "packets are lost", ofZones: ["reads are slow"] },
  "saturated-cpu": { host: "cn-03", fits: "zone waits for the CPU", ofZones: ["zone waits for the CPU"] },
};

describe("an incident of the simulator", () => {
  let stack: Stack;
  let [fromTs, toTs] = [0, 0];
  const tried = new Map<string, AlertTest>();

  before(async () => {
    toTs = Math.floor(Date.now() / 1000) - SINCE_SEC;
    fromTs = toTs - INCIDENT_SEC;
    const incident = Object.entries(INCIDENTS).map(([kind, { host }]) => {
      return { kind: kind as IncidentKind, host, fromMs: fromTs * 1000, toMs: toTs * 1000 };
    });
    // And what the services may take to begin.
    const backfillSec = QUIET_SEC + INCIDENT_SEC + SINCE_SEC + 90;
    stack = await startStack({
      hosts: HOSTS,
      zonesPerHost: 4,
      tenants: 2,
      seed: 11,
      backfillSec,
      incident,
      ledger: false,
    });
    const { query, store, state } = stack.services;
    const path = fileURLToPath(new URL("../../deploy/alerts/example.yaml", import.meta.url));
    await (
      await query.alerts.reading(await readAlertFile("example.yaml", path))
    )();
    const rules = query.alerts.rules.living();
    await until(
      "all hosts have told all of it",
      async () => {
        const [row] = await store.query<{ n: number }>(
          `SELECT toUInt32(count()) AS n FROM (SELECT spec, host FROM windows WHERE kind = 0 AND status = 'ok' GROUP BY spec, host
         HAVING toUnixTimestamp(min(ts)) <= {from:UInt32} AND toUnixTimestamp(max(ts)) >= {to:UInt32})`,
          { from: fromTs - QUIET_SEC + 10, to: toTs + 3 },
        );
        return (row?.n ?? 0) >= state.instrumentations.all().length * HOSTS;
      },
      300_000,
    );
    for (const { rule } of rules) {
      const body = { rule, from: fromTs - QUIET_SEC + 30, to: toTs };
      tried.set((rule as { name: string }).name, await stack.operator.post<AlertTest>("/v1/alerts/test", body));
    }
  });
  after(() => stack.close());

  /** Zones of a host, but for the global one, which all hosts have. */
  const zonesOf = (host: string): string[] => {
    const all = stack.services.state.ownership.current();
    return all.filter((each) => each.host === host && each.zone !== "global").map(({ zone }) => zone);
  };
  const firedBy = (name: string): (string | null)[] => (tried.get(name)?.alerts ?? []).map(({ key }) => key);

  for (const [kind, { host, fits, ofZones }] of Object.entries(INCIDENTS)) {
    test(`${kind}: "${fits}" fires on the host that has it`, () => {
      const keys = firedBy(fits);
      const isThere = keys.some((key) => key === null || zonesOf(host).includes(key));
      assert.ok(isThere, `${fits} fired for ${JSON.stringify(keys)}`);
      for (const [name] of tried) {
        const here = firedBy(name).filter((key) => key !== null && zonesOf(host).includes(key));
        assert.ok(here.length === 0 || ofZones.includes(name), `${name} fired on ${host} too`);
      }
    });
  }

  test("is what makes rules fire: before it none of the file does, and the others do not at all", () => {
    assert.equal(tried.size, 7);
    for (const [name, { alerts, evaluations, unknown }] of tried) {
      assert.ok(evaluations >= 10 && unknown === 0, `${name}: ${unknown} of ${evaluations} unknown`);
      for (const alert of alerts) assert.ok(alert.fromTs >= fromTs, `${name} fired ${fromTs - alert.fromTs} s before`);
    }
    for (const name of ["zone uses much CPU", "host is silent", "host is watched in part", "events are lost"]) {
      assert.deepEqual(firedBy(name), [], name);
    }
  });
});
