/**
 * capacity.ts: how far forecasts are off beside the naive ones, and what each capacity route takes over two years of history.
 *
 *   node --import tsx bench/capacity.ts [--days 730] [--hosts 2] [--zones 6] [--forecast-only]
 *
 * The first part needs no store: two years of each zone of the simulated fleet, of which the back-test holds the last months back. The
 * second imports the history into an engine of its own and asks each route three times.
 */
import { startApi } from "../test/api/api-fixture.ts";
import { importHistory } from "../cli/import-history.ts";
import { historyFleet, type HistoryOptions } from "../collectors/simulator/history-fleet.ts";
import { levelAt, reachesTs, valueAt, type Quantity } from "../collectors/simulator/history-model.ts";
import { historyLines } from "../collectors/simulator/history.ts";
import { forecast } from "../core/forecast/forecast.ts";
import { machine, percentile } from "./machine.ts";

const DAY_SEC = 86_400;
const MONTH_SEC = 30 * DAY_SEC;

const given = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
const options: HistoryOptions = {
  days: given("--days", 730),
  hosts: given("--hosts", 2),
  zonesPerHost: given("--zones", 6),
  seed: 1,
  nowMs: Date.now(),
};

console.log(machine());
forecasts();
if (!process.argv.includes("--forecast-only")) await routes();
process.exit(0);

function forecasts(): void {
  const { hosts, fromTs, endTs } = historyFleet(options);
  const zones = hosts.flatMap((host) => host.zones);
  const quantities: (readonly [string, Quantity])[] = [
    ...zones.map((zone) => [`cpu ${zone.alias}`, zone.cpu] as const),
    ...zones.map((zone) => [`memory ${zone.alias}`, zone.memory] as const),
    ...hosts.map((host) => [`pool ${host.host}`, host.pool] as const),
    ...hosts.map((host) => [`nic ${host.host}`, host.nic] as const),
  ];
  const [ratios, tookMs, coverage]: [number[], number[], number[]] = [[], [], []];
  let [inside, limits] = [0, 0];
  console.log("\nforecast on held-back hours: mean absolute error / that of the seasonal naive forecast");
  for (const [name, truth] of quantities) {
    const values = Array.from({ length: (endTs - fromTs) / 3600 }, (_, i) => valueAt(truth, fromTs + i * 3600));
    const limit = 1.15 * truth.endLevel * Math.max(...truth.season);
    const startedMs = performance.now();
    const found = forecast({ fromTs, values }, { horizonDays: 730, limit });
    tookMs.push(performance.now() - startedMs);
    if (found.refused !== null) {
      console.log(`  ${name}: refused: ${found.refused.message}`);
      continue;
    }
    const { backTest, growth, reaches, form } = found;
    ratios.push(backTest.ratio ?? 0);
    coverage.push(backTest.coverage);
    const trueTs = reachesTs(truth, limit, 730);
    if (trueTs !== null && trueTs < endTs + found.horizonDays * DAY_SEC) {
      limits += 1;
      if ((reaches?.earliestTs ?? Infinity) <= trueTs && trueTs <= (reaches?.latestTs ?? Infinity)) inside += 1;
    }
    const inMonth = levelAt(truth, endTs + MONTH_SEC) - truth.endLevel;
    const share = (value: number): string => `${((100 * value) / truth.endLevel).toFixed(2)} %`;
    const ratio = backTest.ratio?.toFixed(2) ?? "-";
    console.log(`  ${name.padEnd(22)} ${ratio}  ${form.padEnd(6)} growth ${share(growth.mid)}, true ${share(inMonth)}`);
  }
  const median = (values: number[]): string => percentile(values, 0.5).toFixed(2);
  console.log(
    `  median ratio ${median(ratios)}, worst ${Math.max(...ratios).toFixed(2)}; coverage of the 90 % band ${median(coverage)}`,
  );
  console.log(`  true day of a limit between A and B: ${inside} of ${limits}; ${median(tookMs)} ms each`);
}

async function routes(): Promise<void> {
  const fleet = historyFleet(options);
  const api = await startApi(fleet.tenants);
  const { store, state } = api.services;
  const startedMs = performance.now();
  const report = await importHistory(historyLines(options), { store, state, enable: true });
  const sec = (performance.now() - startedMs) / 1000;
  console.log(
    `\nimport: ${report.hours} hours, ${report.rows} rows in ${sec.toFixed(1)} s: ${Math.round(report.rows / sec)} rows a second`,
  );
  const range = `from=${fleet.fromTs}&to=${fleet.endTs}`;
  const { instrumentations } = await api.operator.json<{ instrumentations: { id: string; metric: string }[] }>(
    "/v1/instrumentations",
  );
  const calls = instrumentations.find(({ metric }) => metric === "syscall.ops")?.id ?? "";
  console.log(`\nroutes over ${options.days} days, the best of three`);
  for (const path of [
    ...["growth?resource=cpu", "growth?resource=memory&by=tenant", "growth?resource=pool", "headroom?", "fit?cpu=100"],
    ...["consumers?", "hours?", "neighbours?", "heatmap?", "report?"],
    ...[`../instrumentations/${calls}/months?`, `../instrumentations/${calls}/forecast?`],
  ]) {
    const times: number[] = [];
    for (let run = 0; run < 3; run++) {
      const begunMs = performance.now();
      const response = await api.operator.fetch(`/v1/capacity/${path}&${range}`);
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`${path}: ${response.status}`);
      times.push(performance.now() - begunMs);
    }
    console.log(`  ${path.padEnd(36)} ${Math.min(...times).toFixed(0)} ms`);
  }
  await api.close();
}
