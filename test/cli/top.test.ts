/**
 * What `isotherm top` says, against what was sent: percentiles and rates are of exactly the seconds that it names, wherever the
 * clock stands between round ones.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { openApi } from "../../cli/api-client.ts";
import { inkFor } from "../../cli/ink.ts";
import { openTop, type TopSource, type TopZone } from "../../cli/top-source.ts";
import { topText } from "../../cli/top.ts";
import { BatchBuilder } from "../../core/batch-builder.ts";
import { bucketsOf, type Buckets } from "../../core/histogram/buckets.ts";
import { quantile } from "../../core/histogram/distribution.ts";
import { parseScheme } from "../../core/histogram/scheme.ts";
import { postBatch, startApi, type Api } from "../api/api-fixture.ts";

const ACME = "11111111-1111-4111-8111-111111111111";
const ZONES = ["zone-a", "zone-b"];
const SECONDS = 60;

describe("isotherm top", () => {
  let api: Api;
  let top: TopSource;
  let fromTs: number;
  let buckets: Buckets;
  /** Slower by the second, so that no two windows have the same percentiles. */
  const sentOf = (zone: number, second: number): { bucket: number; count: number } => ({
    bucket: 10 + zone * 3 + second,
    count: 1 + second + zone,
  });

  before(async () => {
    api = await startApi([{ id: ACME, name: "acme" }]);
    fromTs = Math.floor(Date.now() / 1000) - SECONDS - 10;
    const row = await api.services.query.instrumentations.ensureStanding({
      metric: "syscall.ops",
      decomposition: ["latency"],
    });
    buckets = bucketsOf(parseScheme(row.scheme ?? ""));
    await api.reportZones(
      "cn-01",
      ZONES.map((name, i) => ({ name, owner: ACME, alias: `alias-${i}`, state: "running" })),
    );
    const builder = new BatchBuilder();
    for (let second = 0; second < SECONDS; second++) {
      const window = { spec: row.spec, enabling: "e", host: "cn-01", tick: second + 1, ts: fromTs + second };
      const times = { endedMs: 0, receivedMs: 0, elapsedNs: 1e9 };
      builder.addCoverage({ ...window, ...times, status: "ok", reason: "", detail: "", dropped: 0, events: 0 });
      for (const [index, zone] of ZONES.entries()) {
        const { bucket, count } = sentOf(index, second);
        builder.addWindow({ ...window, zone, keys: [], bucket: [bucket], count: [count], value: 0 });
      }
    }
    assert.equal((await postBatch(api, "s", 1, builder.finish())).status, 200);
    const options = { url: api.url };
    const asked = { metric: "syscall.ops", windowSec: 10, top: 50 };
    top = await openTop(await openApi(options, { ISOTHERM_TOKEN: api.operator.token }), asked);
  });
  after(() => api.close());

  test("percentiles and rates are those of its ten seconds, from whichever second they start", async () => {
    for (let i = 0; i < 11; i++) {
      const { window, windowSec, watchedSec, zones } = await top.read((fromTs + 20 + i + 12) * 1000 + 400);
      assert.deepEqual(
        { window, windowSec, watchedSec },
        {
          window: { from: fromTs + 20 + i, to: fromTs + 30 + i },
          windowSec: 10,
          watchedSec: 10,
        },
      );
      assert.equal(zones.length, ZONES.length);
      for (const { zone, alias, host, rate, p50, p99 } of zones) {
        const index = ZONES.indexOf(zone);
        const sent = Array.from({ length: 10 }, (_, second) => sentOf(index, 20 + i + second));
        const all = { bucket: sent.map(({ bucket }) => bucket), count: sent.map(({ count }) => count) };
        assert.deepEqual(
          { alias, host, rate, p50, p99 },
          {
            ...{ alias: `alias-${index}`, host: "cn-01" },
            rate: all.count.reduce((sum, count) => sum + count, 0) / 10,
            p50: quantile(buckets, all, 0.5),
            p99: quantile(buckets, all, 0.99),
          },
          `${zone} from second ${20 + i}`,
        );
      }
    }
  });

  test("on a narrow terminal names are shortened and columns left out, the one that it is sorted by last", () => {
    const zone = (name: string, alias: string): TopZone => ({
      ...{ zone: name, alias, host: "cn-01", rate: 1200, p50: 18_500, p99: 97_400_000, cpu: 15.8 },
    });
    const zones = [zone("c518e953-b88b-40d3-957c-ce425ccba64a", "web-1"), zone("global", "")];
    const window = { from: 0, to: 10 };
    const answer = { metric: "syscall.ops", unit: "time", window, windowSec: 10, watchedSec: 10, zones, otherRate: 0 };
    const headAt = (columns: number, sort: Parameters<typeof topText>[1] = "p99"): string[] => {
      const lines = topText(answer, sort, inkFor({}, {}), columns).trimEnd().split("\n");
      assert.ok(
        lines.slice(1).every((line) => line.length <= columns),
        `${columns}: ${lines.join("\n")}`,
      );
      return (lines[1] ?? "").trim().split(/ +/);
    };
    assert.deepEqual(headAt(100), ["ZONE", "ALIAS", "HOST", "RATE", "P50", "P99*", "CPU"]);
    assert.match(topText(answer, "p99", inkFor({}, {}), 70), /\nc518e953 {2}web-1 {2}cn-01 /);
    assert.deepEqual(headAt(40), ["ZONE", "RATE", "P50", "P99*", "CPU"]);
    assert.match(topText(answer, "p99", inkFor({}, {}), 40), /\nweb-1 .*\nglobal /);
    assert.deepEqual(headAt(32), ["ZONE", "RATE", "P99*", "CPU"]);
    assert.deepEqual(headAt(32, "p50"), ["ZONE", "RATE", "P50*", "P99"]);
    assert.deepEqual(headAt(24, "cpu"), ["ZONE", "P99", "CPU*"]);
  });

  test("a rate is over the seconds that were watched, and the head says how many", async () => {
    // Four seconds before the first that anybody counted.
    const answer = await top.read((fromTs + 6 + 2) * 1000);
    assert.deepEqual([answer.windowSec, answer.watchedSec], [10, 6]);
    const rateOf = (zone: string): number | undefined => answer.zones.find((each) => each.zone === zone)?.rate;
    const sent = [0, 1, 2, 3, 4, 5].map((second) => sentOf(0, second).count);
    assert.equal(rateOf("zone-a"), sent.reduce((sum, count) => sum + count, 0) / 6);
    assert.match(topText(answer, "p99", inkFor({}, {})), /^syscall\.ops over 6 s watched of 10 s, by p99\n/);
  });
});
