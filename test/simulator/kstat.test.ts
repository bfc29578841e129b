/**
 * kstat.test.ts: what simulated hosts print for kstat, against the ledger and against what D programs count.
 */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { connect, exec, makeBed, makeHead, run, type Command } from "./client.ts";
import { frames } from "./frames.ts";

interface Sample {
  readonly epochSec: number;
  readonly values: Map<string, string>;
}

function readSamples(text: string): Sample[] {
  return text
    .split("\n\n")
    .slice(0, -1)
    .map((block) => {
      const [epoch = "", ...lines] = block.split("\n");
      assert.match(epoch, /^\d{10}$/);
      const pairs = lines.map((line): [string, string] => {
        const [, left = "", value = ""] = /^([^\t]+)\t(.*)$/.exec(line) ?? assert.fail(line);
        return [left, value];
      });
      return { epochSec: Number(epoch), values: new Map(pairs) };
    });
}

function samples(count: number): (text: string) => Sample[] | undefined {
  return (text) => {
    const all = readSamples(text);
    return all.length >= count ? all : undefined;
  };
}

describe("kstat", async () => {
  const { fleet } = await makeBed({ backfillSec: 10 });
  const [host] = fleet.hosts;
  assert.ok(host);
  const client = await connect(host);
  after(async () => {
    client.end();
    await fleet.close();
  });
  const kstat = (patterns: string): Promise<Command> => exec(client, `kstat ${patterns}`);

  test("samples come a second apart, the first in the past, each ended by an empty line", async () => {
    const command = await kstat("zones::: zone_vfs:::");
    const read = await command.until(samples(11));
    assert.ok(read.every((sample, i) => i === 0 || sample.epochSec === (read[i - 1]?.epochSec ?? 0) + 1));
    const modules = new Set([...(read[0]?.values.keys() ?? [])].map((left) => left.split(":")[0]));
    assert.deepEqual([...modules], ["zone_vfs", "zones"]);
    command.channel.end();
    assert.equal(await command.ended, 0);
  });

  test("every kstat has class, crtime and snaptime, and its name is cut at 30 characters", async () => {
    const command = await kstat("zones:::");
    const [sample] = await command.until(samples(1));
    const zone = fleet.zones[0];
    assert.ok(sample && zone);
    const left = `zones:${zone.id}:${zone.name.slice(0, 30)}`;
    assert.equal(sample.values.get(`${left}:class`), "zone_misc");
    assert.equal(sample.values.get(`${left}:zonename`), zone.name);
    for (const name of ["crtime", "snaptime"]) assert.match(sample.values.get(`${left}:${name}`) ?? "", /^\d+\.\d{9}$/);
    const names = [...sample.values.keys()].filter((each) => each.startsWith(left));
    assert.deepEqual(names, [...names].sort());
    command.channel.close();
  });

  test("an empty part of a pattern means any; nothing that fits is status 1", async () => {
    const one = await kstat(":0:sys: unix::sys*:*");
    const [sample] = await one.until(samples(1));
    const names = [...(sample?.values.keys() ?? [])].map((left) => left.split(":").slice(0, 3).join(":"));
    assert.deepEqual([...new Set(names)], ["cpu:0:sys", "unix:0:system_misc", "unix:0:system_pages"]);
    one.channel.close();
    const none = await kstat("nosuch:::");
    assert.equal(await none.ended, 1);
    assert.equal(none.stdout, "");
  });

  test("deltas are the ledger's", async () => {
    const command = await kstat("zone_vfs:::");
    const read = await command.until(samples(6));
    // The newest run's, from its first on: an earlier one may have told a sample more while its channel closed.
    const samplesTold = fleet.ledger.samples();
    const newest = Math.max(...samplesTold.map((each) => each.run));
    const entries = samplesTold.filter((each) => each.run === newest);
    for (const [i, sample] of read.entries()) {
      for (const [left, delta] of entries[i]?.deltas ?? []) {
        const before = BigInt(read[i - 1]?.values.get(left) ?? 0);
        assert.equal(BigInt(sample.values.get(left) ?? 0) - before, delta, left);
      }
    }
    command.channel.close();
  });

  test("zone_vfs counts what a D program counts", async () => {
    const program = await run(
      client,
      makeHead({ metric: "fs.logical_ops", predicate: { eq: ["optype", "read"] }, numeric: null, scheme: null }),
    );
    const slow = await run(
      client,
      makeHead({
        metric: "fs.logical_ops",
        predicate: { and: [{ in: ["optype", ["read", "write"]] }, { gt: ["latency", 10_000_000] }] },
        numeric: null,
        scheme: null,
      }),
    );
    // Spelled as nobody has before: the past is told once for each list of patterns.
    const command = await kstat("zone_vfs:*::");
    const read = await command.until(samples(8));
    const [reads, slowOps] = await Promise.all([program, slow].map((each) => each.until(frames(8))));
    for (const zone of fleet.zones) {
      const left = `zone_vfs:${zone.id}:${zone.name.slice(0, 30)}`;
      for (let i = 2; i < 8; i++) {
        const delta = (name: string): number =>
          Number(read[i]?.values.get(`${left}:${name}`)) - Number(read[i - 1]?.values.get(`${left}:${name}`));
        const counted = (of: typeof reads): number => {
          const at = of?.find((frame) => Number(frame.walltimestampNs / 1_000_000_000n) === read[i]?.epochSec);
          return at?.rows.find((row) => row.keys[0] === zone.name)?.total ?? 0;
        };
        assert.equal(delta("reads"), counted(reads));
        assert.equal(delta("10ms_ops"), counted(slowOps));
      }
    }
    for (const each of [program, slow, command]) each.channel.close();
  });

  test("times of disks are seconds, those of zones plain ns", async () => {
    const command = await kstat("sd::: zone_vfs:::");
    const [sample] = await command.until(samples(1));
    for (const [left, value] of sample?.values ?? []) {
      if (!left.endsWith(":rtime")) continue;
      assert.match(value, left.startsWith("sd:") ? /^\d+\.\d{9}$/ : /^\d+$/, left);
    }
    command.channel.close();
  });
});
