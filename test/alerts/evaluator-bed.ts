/**
 * evaluator-bed.ts: rules over hours in seconds: a real evaluator on a real engine and real batches, on a clock that the test moves. A minute
 * of ticks comes in one batch, and the clock goes on when the evaluator has read what it wanted to read of it.
 */
import { BatchBuilder } from "../../core/batch-builder.ts";
import type { AlertState } from "../../core/alerts/machine.ts";
import { Evaluator } from "../../query-api/alerts/evaluator.ts";
import { Zones } from "../../query-api/alerts/reader.ts";
import { AlertRules } from "../../query-api/alerts/rules.ts";
import { Expectations } from "../../query-api/expected.ts";
import { Instrumentations } from "../../query-api/instrumentations.ts";
import type { StoreClient } from "../../store/client.ts";
import { postBatch, startApi } from "../api/api-fixture.ts";

export const HOST = "cn-01";
const ZONE = "zone-a";
const OWNER = "11111111-1111-4111-8111-111111111111";

/** Counts of one second, by bucket. */
export type Counts = ReadonlyMap<number, number>;

export interface EvaluatorBed {
  readonly instrumentation: string;
  /** Before the evaluator begins: what is there is the store's. */
  tell(fromTs: number, seconds: number, countsAt: (ts: number) => Counts): Promise<void>;
  /** Saves rules, and begins to evaluate at a time, whatever was evaluated before. */
  begin(atTs: number, rules: readonly object[]): Promise<void>;
  /** Minutes go by, each with its counts. @returns the state of each rule by name at the end of each minute */
  pass(minutes: number, countsAt: (ts: number) => Counts): Promise<ReadonlyMap<string, AlertState>[]>;
  readonly nowTs: number;
  close(): Promise<void>;
}

export async function startEvaluatorBed(): Promise<EvaluatorBed> {
  const api = await startApi([{ id: OWNER, name: "acme" }]);
  const { state, store, query } = api.services;
  const row = await query.instrumentations.ensureStanding({
    metric: "syscall.ops",
    decomposition: ["execname", "latency"],
  });
  await api.reportZones(HOST, [{ name: ZONE, owner: OWNER, alias: "web-0", state: "running" }]);
  // What is evaluated here is not to be evaluated by the services too, on their own clock.
  await query.alerts.close();
  const counted = countReads(store);
  let nowSec = 0;
  let seq = 0;
  const names = new Map<string, string>();
  let evaluator: Evaluator | undefined;
  const instrumentations = new Instrumentations(state.instrumentations);
  const rules = new AlertRules(state.alerts, instrumentations);
  const errors: unknown[] = [];
  const tell = async (fromTs: number, seconds: number, countsAt: (ts: number) => Counts): Promise<void> => {
    const answer = await postBatch(api, "bed", ++seq, batchOf(row.spec, fromTs, seconds, countsAt));
    if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
  };
  /** Looks until it has read all that it wanted to. */
  const settle = async (): Promise<void> => {
    for (let looks = 0; looks < 100; looks++) {
      evaluator?.run();
      if (counted.running() === 0 && looks > 1) break;
      await counted.idle();
    }
    if (errors.length > 0) throw errors[0];
  };
  return {
    instrumentation: row.id,
    get nowTs() {
      return nowSec;
    },
    tell,
    begin: async (atTs, inputs) => {
      evaluator?.close();
      nowSec = atTs;
      for (const input of inputs) {
        const made = await api.operator.post<{ id: string; rule: { name: string } }>("/v1/alerts/rules", input);
        names.set(made.id, made.rule.name);
      }
      evaluator = new Evaluator(
        {
          ...{ store: counted.store, nowSec: () => nowSec, rules, instrumentations, feed: api.services.ingest.feed },
          ...{ expectedFor: (tenant) => new Expectations(state.ownership, state.hosts).of(tenant) },
          ...{ zones: new Zones(state.ownership), onError: (error) => errors.push(error) },
        },
        [],
      );
      await settle();
    },
    pass: async (minutes, countsAt) => {
      const seen: ReadonlyMap<string, AlertState>[] = [];
      for (let minute = 0; minute < minutes; minute++) {
        await tell(nowSec, 60, countsAt);
        nowSec += 60;
        await settle();
        const states = (evaluator?.all() ?? []).map(({ row: { id }, state: own }): [string, AlertState] => [
          names.get(id) ?? "",
          own,
        ]);
        seen.push(new Map(states));
      }
      return seen;
    },
    close: async () => {
      evaluator?.close();
      await api.close();
    },
  };
}

function batchOf(spec: string, fromTs: number, seconds: number, countsAt: (ts: number) => Counts) {
  const builder = new BatchBuilder();
  for (let ts = fromTs; ts < fromTs + seconds; ts++) {
    const about = { spec, enabling: "e", host: HOST, tick: ts % 1_000_000, ts };
    const counts = [...countsAt(ts)].filter(([, count]) => count > 0).sort(([a], [b]) => a - b);
    if (counts.length > 0) {
      const [bucket, count] = [counts.map(([each]) => each), counts.map(([, each]) => each)];
      builder.addWindow({ ...about, zone: ZONE, keys: ["postgres"], bucket, count, value: 0 });
    }
    builder.addCoverage({
      ...{ ...about, status: "ok", reason: "", dropped: 0, events: 0, detail: "" },
      ...{ endedMs: (ts + 1) * 1000, receivedMs: (ts + 1) * 1000, elapsedNs: 1e9 },
    });
  }
  return builder.finish();
}

/** A store that tells when nothing is being read. */
function countReads(real: StoreClient): { store: StoreClient; running: () => number; idle: () => Promise<void> } {
  const open = new Set<Promise<unknown>>();
  const counted =
    <Args extends unknown[], T>(call: (...args: Args) => Promise<T>) =>
    (...args: Args): Promise<T> => {
      const work = call(...args);
      const ended = work.then(
        () => undefined,
        () => undefined,
      );
      open.add(ended);
      void ended.then(() => open.delete(ended));
      return work;
    };
  return {
    store: { ...real, query: counted(real.query.bind(real)) as StoreClient["query"] },
    running: () => open.size,
    idle: async () => {
      // What one read is followed by begins a turn later.
      while (open.size > 0) {
        await Promise.all(open);
        await new Promise((turn) => setImmediate(turn));
      }
      await new Promise((turn) => setImmediate(turn));
    },
  };
}
