/**
 * matrix-bed.ts: two tenants and everything that either may come upon, on a real engine. Whatever is globex's bears a mark, so that
 * one look at the bytes of an answer tells whether any of it is in there.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { BatchBuilder } from "../../core/batch-builder.ts";
import type { RouteEntry } from "../../server/http.ts";
import type { StoreClient } from "../../store/client.ts";
import { putDelivery } from "../../store/alerts.ts";
import { Audit } from "../../store/audit.ts";
import { Client } from "../e2e/stack.ts";
import { postBatch, startApi, type Api } from "./api-fixture.ts";
import { startQueryApp } from "./query-app.ts";

export const ACME = "11111111-1111-4111-8111-111111111111";
export const GLOBEX = "22222222-2222-4222-8222-222222222222";
export const NOBODY = "99999999-9999-4999-8999-999999999999";
/** In every name of globex's: of its account, zone, host, processes, instrumentation, tokens. */
const MARK = "marked-7f3a";
/** Globex's events of one second, in which acme has none: wherever they are added up by themselves, these digits stand. */
const MARKED_COUNT = 8_264_951;
export const SEC = Math.floor(Date.now() / 1000) - 120;

export interface Things {
  readonly instrumentation: string;
  readonly board: string;
  readonly rule: string;
  readonly silence: string;
  readonly hook: string;
  readonly delivery: string;
  readonly report: string;
  readonly token: string;
  readonly tenant: string;
}

export interface Bed {
  readonly routes: readonly RouteEntry[];
  readonly url: string;
  readonly operator: Client;
  readonly writer: Client;
  readonly reader: Client;
  readonly collector: Client;
  readonly service: Client;
  /** A token that was acme's to write with, and has been revoked. */
  readonly ended: Client;
  readonly standing: string;
  readonly own: Things;
  readonly foreign: Things;
  readonly unknown: Things;
  /** Where globex's entry of the trail is. */
  readonly foreignCursor: string;
  /** What of globex's is in a text. */
  marksIn(text: string): string[];
  /** Another of acme's, to be deleted. */
  fresh(kind: keyof Things): Promise<string>;
  /** The same API on a store whose statements are changed first: a mutant. */
  mutant(change: (sql: string) => string): Promise<{ readonly url: string; close(): Promise<void> }>;
  close(): Promise<void>;
}

export async function startBed(): Promise<Bed> {
  const api = await startApi([
    { id: ACME, name: "acme" },
    { id: GLOBEX, name: `globex ${MARK}` },
  ]);
  const { state, store } = api.services;
  const { tokens } = state;
  const row = await api.services.query.instrumentations.ensureStanding({
    metric: "syscall.ops",
    decomposition: ["execname", "latency"],
  });
  await api.reportZones("cn-01", [{ name: "zone-a", owner: ACME, alias: "web", state: "running" }]);
  await api.reportZones(`cn-${MARK}`, [
    { name: `zone-${MARK}`, owner: GLOBEX, alias: `db-${MARK}`, state: "running" },
    { name: `zone-both-${MARK}`, owner: GLOBEX, alias: `both-${MARK}`, state: "running" },
  ]);
  await postBatch(api, "s1", 1, rowsOf(row.spec));

  const make = async (client: Client, label: string): Promise<string> => {
    const input = { metric: "syscall.ops", decomposition: ["execname", "latency"], label };
    return (await client.post<{ id: string }>("/v1/instrumentations", input)).id;
  };
  const tokenOf = async (tenant: string, label: string, scope: "read" | "write" = "write") =>
    tokens.make({ role: "tenant", tenant, scope, label });
  const own = {
    instrumentation: await make(api.tenant(ACME), "acme's"),
    board: await makeBoard(api.tenant(ACME), "acme's"),
    ...(await makeAlerting(api, ACME, row.id, "acme's")),
    token: (await tokenOf(ACME, "acme's")).row.id,
    tenant: ACME,
  };
  const foreign = {
    instrumentation: await make(api.tenant(GLOBEX), `made by ${MARK}`),
    board: await makeBoard(api.tenant(GLOBEX), `board of ${MARK}`),
    ...(await makeAlerting(api, GLOBEX, row.id, `of ${MARK}`)),
    token: (await tokenOf(GLOBEX, `token ${MARK}`)).row.id,
    tenant: GLOBEX,
  };
  const [entry] = await new Audit(store).read({ owner: GLOBEX, limit: 1 });
  const ended = await tokenOf(ACME, "ended");
  await tokens.revoke(ended.row.id);
  const marks = [
    MARK,
    String(MARKED_COUNT),
    GLOBEX,
    foreign.instrumentation,
    foreign.token,
    foreign.board,
    foreign.rule,
    foreign.silence,
    foreign.hook,
    foreign.delivery,
    foreign.report,
  ];

  const start = (over: StoreClient) => startQueryApp(api, { store: over, guessLimits: { burst: 10_000, refillMs: 1 } });
  const real = await start(store);
  const client = (text: string): Client => new Client(real.url, text);
  return {
    routes: real.routes,
    url: real.url,
    operator: client(api.operator.token),
    writer: client((await tokenOf(ACME, "writer")).text),
    reader: client((await tokenOf(ACME, "reader", "read")).text),
    collector: client(api.collector),
    service: client(await tokens.create("service", "", "test")),
    ended: client(ended.text),
    standing: row.id,
    own,
    foreign,
    unknown: {
      instrumentation: "0".repeat(16),
      board: "0".repeat(16),
      ...NO_ALERTING,
      token: "0".repeat(16),
      tenant: NOBODY,
    },
    foreignCursor: `${(entry?.atMs ?? 0) + 1}-${entry?.id}`,
    marksIn: (text) => marks.filter((mark) => text.includes(mark)),
    fresh: (kind) => fresh(kind, api, make, row.id),
    mutant: (change) =>
      start({
        ...store,
        query: (sql, params, options) => store.query(change(sql), params, options),
        queryArrow: (sql, params, options) => store.queryArrow(change(sql), params, options),
        queryStream: (sql, format, params, options) => store.queryStream(change(sql), format, params, options),
      }),
    close: async () => {
      await real.close();
      await api.close();
    },
  };
}

const NO_ALERTING = {
  ...{ rule: "0".repeat(16), silence: "0".repeat(16), hook: "0".repeat(16), delivery: "0".repeat(32) },
  report: "0".repeat(16),
};

/** A rule, a silence, a hook, a dead letter and a saved report. */
async function makeAlerting(
  api: Api,
  owner: string,
  instrumentation: string,
  name: string,
  isHookNamed = true,
): Promise<Pick<Things, "rule" | "silence" | "hook" | "delivery" | "report">> {
  const client = api.tenant(owner);
  const made = async (path: string, body: unknown) =>
    (await client.post<{ id: string }>(`/v1/alerts/${path}`, body)).id;
  const rule = { name: `${name} ${randomUUID()}`, instrumentation, condition: { kind: "absent" }, paused: true };
  const matchers = [{ name: "alertname", value: name }];
  const hookName = `${name} ${randomUUID()}`;
  const hook = await made("hooks", { name: hookName, url: "https://127.0.0.1/hook" });
  const saved = { name: `${name} ${randomUUID()}`, ...(isHookNamed && { hook: hookName }) };
  const delivery = randomBytes(16).toString("hex");
  const row = { id: delivery, owner, hook, groupKey: name, members: [], body: name, status: "dead" };
  await putDelivery(api.services.store, { ...row, attempts: 1, nextMs: 0, problem: name, createdMs: Date.now() }, 1n);
  return {
    rule: await made("rules", rule),
    silence: await made("silences", { matchers, endsMs: Date.now() + 1e6 }),
    hook,
    delivery,
    report: (await client.post<{ id: string }>("/v1/capacity/reports", saved)).id,
  };
}

async function makeBoard(client: Client, name: string): Promise<string> {
  return (await client.post<{ id: string }>("/v1/boards", { name, panels: [], rangeSec: 600 })).id;
}

async function fresh(
  kind: keyof Things,
  api: Api,
  make: (client: Client, label: string) => Promise<string>,
  standing: string,
): Promise<string> {
  if (kind === "instrumentation") return make(api.tenant(ACME), "to be deleted");
  if (kind === "rule" || kind === "silence" || kind === "hook" || kind === "delivery" || kind === "report") {
    // A hook that a report names is not deleted.
    return (await makeAlerting(api, ACME, standing, "to be deleted", kind !== "hook"))[kind];
  }
  if (kind === "board") return makeBoard(api.tenant(ACME), "to be deleted");
  if (kind === "token") {
    return (await api.services.state.tokens.make({ role: "tenant", tenant: ACME, label: "to be revoked" })).row.id;
  }
  const id = crypto.randomUUID();
  await api.services.state.tenants.put([{ id, name: "to be ended", createdMs: 1 }]);
  return id;
}

/** Acme's events of the first second, globex's of the second one; in the third both have some. */
function rowsOf(spec: string): ReturnType<BatchBuilder["finish"]> {
  const builder = new BatchBuilder();
  const covered = {
    status: "ok",
    reason: "",
    dropped: 0,
    events: 0,
    endedMs: 0,
    receivedMs: 0,
    elapsedNs: 1e9,
    detail: "",
  };
  // For what answers with the newest alone; SEC is of when this file was loaded, which may be long ago.
  const recent = Math.floor(Date.now() / 1000) - 5;
  for (const host of ["cn-01", `cn-${MARK}`]) {
    for (const ts of [SEC, SEC + 1, SEC + 2, recent]) {
      const about = { spec, enabling: "e", host, tick: ts - SEC + 1, ts };
      if (host === "cn-01" && ts !== SEC + 1) {
        builder.addWindow({ ...about, zone: "zone-a", keys: ["postgres"], bucket: [5], count: [10], value: 0 });
      }
      if (host !== "cn-01" && (ts === SEC + 1 || ts === recent)) {
        const window = { zone: `zone-${MARK}`, keys: [`app-${MARK}`], bucket: [7], count: [MARKED_COUNT], value: 0 };
        builder.addWindow({ ...about, ...window });
      }
      builder.addCoverage({ ...about, ...covered } as Parameters<BatchBuilder["addCoverage"]>[0]);
    }
  }
  return builder.finish();
}
