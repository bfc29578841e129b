/**
 * Reloading the configuration: what changes, what is kept, and what is said of either; without a process.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { readConfig, type Config } from "../../cli/config.ts";
import { ABOUT, Reloads, type Reloadable } from "../../cli/reload.ts";
import { InputError } from "../../core/errors.ts";
import { silentLog } from "../../server/log.ts";
import { Metrics } from "../../server/metrics.ts";

interface Said {
  readonly message: string;
  readonly facts: Record<string, unknown>;
}

describe("a reload", () => {
  let dir: string;
  let file: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "isotherm-reload-"));
    file = join(dir, "isotherm.yaml");
  });
  after(() => rm(dir, { recursive: true, force: true }));

  /** A role that has begun with one text, and what it says from then on. */
  const begun = async (text: string, about: keyof typeof ABOUT = "serve") => {
    await writeFile(file, text);
    const said: Said[] = [];
    const say = (facts: Record<string, unknown>, message: string): unknown => said.push({ facts, message });
    const log = Object.assign(silentLog(), { info: say, warn: say, error: say });
    const metrics = new Metrics();
    const read = (): Promise<Config> => readConfig(file, {}, ["store", "collect"]);
    const reloads = new Reloads({ config: await read(), about: ABOUT[about], read, log, metrics });
    const reload = async (next?: string): Promise<Said[]> => {
      if (next !== undefined) await writeFile(file, next);
      said.length = 0;
      reloads.request();
      await reloads.idle();
      return [...said];
    };
    return { reloads, metrics, reload };
  };
  const part = (keys: readonly string[], applied: unknown[], of: (config: Config) => unknown): Reloadable => ({
    keys,
    prepare: (config) => () => void applied.push(of(config)),
  });

  test("applies what a part can change, and names what holds from the next start only", async () => {
    const { reloads, reload, metrics } = await begun("log: {level: info}\n");
    const applied: unknown[] = [];
    reloads.add(part(["log.level"], applied, ({ log }) => log.level));
    reloads.start();
    const next = "log: {level: debug}\nquery: {port: 9000}\nstore: {retention: {rawDays: 2}}\n";
    assert.deepEqual(await reload(next), [
      { message: "the configuration was reloaded", facts: { changed: ["log.level"] } },
      { message: "these keys hold from the next start", facts: { keys: ["store.retention.rawDays", "query.port"] } },
    ]);
    assert.deepEqual(applied, ["debug"]);
    assert.match(await metrics.text(), /^isotherm_config_restart_keys 2$/m);
    const again = await reload();
    assert.deepEqual(again[1]?.facts, { keys: ["store.retention.rawDays", "query.port"] }, "until it is started anew");
    const back = await reload("log: {level: debug}\n");
    assert.deepEqual(back, [{ message: "the configuration was reloaded", facts: { changed: [] } }]);
  });

  test("changes nothing where the file is wrong, and says the field", async () => {
    const { reloads, reload, metrics } = await begun("log: {level: info}\n");
    const applied: unknown[] = [];
    reloads.add(part(["log.level"], applied, ({ log }) => log.level));
    reloads.start();
    const [said, ...rest] = await reload("log: {level: debug}\nquery: {port: x}\n");
    assert.deepEqual(rest, []);
    assert.match(said?.message ?? "", /could not be reloaded: what held before holds$/);
    assert.deepEqual(said?.facts["fields"], ["query.port"]);
    assert.match(String(said.facts["chain"]), /query\.port is "x", expected a whole number/);
    assert.deepEqual(applied, []);
    assert.match(await metrics.text(), /^isotherm_config_reload_ok 0$/m);
    await reload("log: {level: warn}\n");
    assert.deepEqual(applied, ["warn"]);
    assert.match(await metrics.text(), /^isotherm_config_reload_ok 1$/m);
    assert.match(await metrics.text(), /^isotherm_config_reloads_total\{result="failed"\} 1$/m);
  });

  test("applies no part where one of them cannot", async () => {
    const { reloads, reload } = await begun("");
    const applied: unknown[] = [];
    reloads.add(part(["log.level"], applied, ({ log }) => log.level));
    reloads.add({
      keys: ["alerts."],
      prepare: () => {
        throw new InputError("read alert rules", [{ field: "alerts.yaml: rules[0].name", code: "BAD", message: "no" }]);
      },
    });
    reloads.start();
    const [said] = await reload("log: {level: debug}\n");
    assert.deepEqual(said?.facts["fields"], ["alerts.yaml: rules[0].name"]);
    assert.deepEqual(applied, []);
  });

  test("asks each part also where no key has changed: files that it names may have", async () => {
    const { reloads, reload } = await begun("");
    const applied: unknown[] = [];
    reloads.add(part(["collect.keyFile"], applied, () => "read"));
    reloads.start();
    await reload();
    await reload();
    assert.deepEqual(applied, ["read", "read"]);
  });

  test("that is asked for while the role starts waits until it runs, and of many at once one is enough", async () => {
    const { reloads } = await begun("");
    const applied: unknown[] = [];
    reloads.add(part(["log.level"], applied, () => "read"));
    for (let i = 0; i < 5; i++) reloads.request();
    await reloads.idle();
    assert.deepEqual(applied, []);
    reloads.start();
    for (let i = 0; i < 5; i++) reloads.request();
    await reloads.idle();
    assert.ok(applied.length >= 1 && applied.length <= 2, `${applied.length} reads`);
  });

  test("says nothing of keys that are another role's", async () => {
    const { reloads, reload } = await begun("", "collect");
    reloads.start();
    const said = await reload("query: {port: 1}\ningest: {port: 2}\ncollect: {name: other}\n");
    assert.deepEqual(said.at(-1)?.facts, { keys: ["collect.name"] });
  });
});
