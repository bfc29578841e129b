/**
 * fake-api.ts: the built page and an API of known answers on a free port: for looking at the page and for tests of pixels.
 *
 * The policy is the one that the product sends. Requests are written down, so that a test can ask what a click asked for.
 */
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { extname, join, normalize } from "node:path";
import type { HeatmapColumn, InstrumentationInfo, Series, SessionInfo, SignInWays } from "../../core/api.ts";
import { encodeHeatmap } from "../../wire/answers.ts";
import {
  fakeBreakdown,
  fakeGroups,
  fakeHeatmap,
  readWhere,
  SCHEME,
  secondColumn,
  SYSCALL_OPS,
  TENANTS,
} from "./fake-model.ts";
import { fakeComparison, fakeDifference, fakePreview, type PairBody } from "./fake-selections.ts";

export const POLICY =
  "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; script-src 'self'; connect-src 'self'";
export const CODE = "one-time";
const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

const OPS: InstrumentationInfo = {
  id: "ops",
  metric: "syscall.ops",
  label: "system calls",
  predicate: {},
  decomposition: ["execname", "latency", "syscall"],
  keys: ["zonename", "execname", "syscall"],
  numeric: "latency",
  scheme: SCHEME,
  granularitySec: 1,
  retentionSec: 86_400,
  idleMaxSec: 0,
  owner: "operator",
  standing: true,
  createdMs: 0,
};
const CPU: InstrumentationInfo = {
  ...OPS,
  id: "cpu",
  metric: "cpu.usage",
  label: "CPU usage",
  decomposition: ["cpumode"],
  keys: ["zonename", "cpumode"],
  numeric: null,
  scheme: null,
};

export class FakeApi {
  /** Method and URL of each API request, oldest first. */
  readonly requests: string[] = [];
  /** The last body that was posted to each path, as it came. */
  readonly posted = new Map<string, unknown>();
  /** Streams are taken but say nothing, as those of a server that hangs. */
  silent = false;
  /** The server's clock, epoch seconds; a test may stop it. */
  now: () => number = () => Date.now() / 1000;
  /** How people may sign in besides with a token. */
  ways: SignInWays = { oidc: null };
  /** How answers to heatmap requests are written. */
  format: "arrow" | "json" = "arrow";
  readonly #folder: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #streams = new Set<ServerResponse>();
  #signedIn = new Set<string>();
  readonly #past = new Map<string, { readonly type: string; readonly body: string | Uint8Array }>();
  readonly #followUps: InstrumentationInfo[] = [];

  /** @param folder the built page */
  constructor(folder: string) {
    this.#folder = folder;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        response.writeHead(400, { "Content-Type": "application/json" });
        response.end(JSON.stringify({ code: "BAD", message: String(error), errors: [] }));
      });
    });
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  /** @returns the page's address, which signs in */
  async start(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Sends a column to every viewer; a second of the model, or whatever the test says. */
  send(column: HeatmapColumn): void {
    for (const stream of this.#streams) writeColumn(stream, column);
  }

  /** Ends the live streams, as a server that goes away does. */
  dropStreams(): void {
    for (const stream of this.#streams) stream.end();
  }

  get viewers(): number {
    return this.#streams.size;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://localhost");
    if (!url.pathname.startsWith("/v1/")) return sendFile(this.#folder, url.pathname, response);
    // The page learns the server's clock from this.
    response.setHeader("Date", new Date(this.now() * 1000).toUTCString());
    this.requests.push(`${request.method ?? "GET"} ${request.url ?? ""}`);
    if (url.pathname === "/v1/session") return this.#session(request, response);
    if (url.pathname === "/v1/session/ways") {
      sendJson(response, 200, this.ways);
      return;
    }
    if (!this.#signedIn.has(request.headers.cookie ?? "")) {
      sendJson(response, 401, { code: "UNAUTHENTICATED", message: "sign in", errors: [] });
      return;
    }
    switch (url.pathname) {
      case "/v1/tenants": {
        sendJson(response, 200, { tenants: TENANTS });
        return;
      }
      case "/v1/metrics": {
        sendJson(response, 200, { metrics: [SYSCALL_OPS, ...OTHER_METRICS] });
        return;
      }
      case "/v1/instrumentations": {
        sendJson(response, 200, { instrumentations: [OPS, CPU, ...this.#followUps] });
        return;
      }
      case "/v1/selections/compare": {
        sendJson(response, 200, fakeComparison(await this.#body<PairBody>(request)));
        return;
      }
      case "/v1/selections/difference": {
        sendJson(response, 200, fakeDifference(await this.#body<PairBody>(request), this.now()));
        return;
      }
      case "/v1/selections/follow-up": {
        const { by, dryRun } = await this.#body<{ by: string; dryRun?: boolean }>(request);
        if (dryRun !== true)
          this.#followUps.push({ ...OPS, id: `ops-${by}`, keys: [...OPS.keys, by], standing: false });
        sendJson(response, dryRun === true ? 200 : 201, dryRun === true ? fakePreview(by) : this.#followUps.at(-1));
        return;
      }
    }
    this.#reading(url, request, response);
  }

  async #body<T>(request: IncomingMessage): Promise<T> {
    const body: unknown = JSON.parse(await bodyOf(request));
    this.posted.set(request.url ?? "", body);
    return body as T;
  }

  #reading(url: URL, request: IncomingMessage, response: ServerResponse): void {
    // What has been does not change: it is counted once, however many tests look at it.
    const isPast = Number(url.searchParams.get("to")) < this.now() - 60 && !/\/(live|export)$/.test(url.pathname);
    const key = `${this.format} ${request.headers.accept ?? ""} ${url.href}`;
    const known = isPast ? this.#past.get(key) : undefined;
    if (known !== undefined) {
      response.writeHead(200, { "Content-Type": known.type }).end(known.body);
      return;
    }
    if (isPast) keepAnswer(response, (type, body) => this.#past.set(key, { type, body }));
    const [, , , id, kind] = url.pathname.split("/");
    const get = (name: string): string | null => url.searchParams.get(name);
    const [from, to] = [Number(get("from")), Number(get("to"))];
    const where = readWhere(get("where"));
    const tenant = get("tenant");
    if (kind === "heatmap") {
      const stepSec = stepFor(to - from, Number(get("columns")));
      const start = Math.floor(from / stepSec) * stepSec;
      const end = Math.ceil(to / stepSec) * stepSec;
      const heatmap = fakeHeatmap(start, end, stepSec, where, tenant, this.now());
      if (this.format === "json" || request.headers.accept?.includes("arrow") !== true) {
        sendJson(response, 200, heatmap);
        return;
      }
      const [by, keys] = [get("by"), url.searchParams.getAll("keys")];
      const answer = by === null ? heatmap : fakeGroups(heatmap, by, keys, where, tenant, this.now());
      response.writeHead(200, { "Content-Type": "application/vnd.apache.arrow.stream" });
      response.end(encodeHeatmap(answer));
    } else if (kind === "breakdown") {
      const by = get("by") ?? "";
      const band = get("low") === null ? null : { low: Number(get("low")), high: Number(get("high")) };
      const parts = fakeBreakdown(by, from, Math.min(to, Math.floor(this.now()) - 1), where, tenant, band);
      const total = parts.reduce((all, part) => all + part.total, 0);
      sendJson(response, 200, { by, total, other: 0, parts });
    } else if (kind === "export") {
      response.writeHead(200, { "Content-Type": "text/csv", "Content-Disposition": 'attachment; filename="rows.csv"' });
      response.end("ts,count\n");
    } else if (kind === "series") sendJson(response, 200, fakeSeries(from, to, get("by") ?? ""));
    else if (kind === "live") this.#live(url, response);
    else sendJson(response, 200, { ...(id === "cpu" ? CPU : OPS), program: null });
  }

  #live(url: URL, response: ServerResponse): void {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    response.write(":\n\n");
    this.#streams.add(response);
    response.on("close", () => this.#streams.delete(response));
    const where = readWhere(url.searchParams.get("where"));
    const tenant = url.searchParams.get("tenant");
    let next = Number(url.searchParams.get("since"));
    const catchUp = (): void => {
      if (this.silent) return;
      for (; next < Math.floor(this.now()); next++) writeColumn(response, secondColumn(next, where, tenant));
    };
    catchUp();
    const timer = setInterval(catchUp, 100);
    response.on("close", () => clearInterval(timer));
  }

  async #session(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const session: SessionInfo = {
      role: "operator",
      scope: "write",
      tenant: null,
      label: "demo",
      simulated: true,
      version: "0.1.0",
    };
    if (request.method === "POST") {
      const body = JSON.parse(await bodyOf(request)) as { code?: string; token?: string };
      if (body.code !== CODE && body.token !== "token") {
        sendJson(response, 401, { code: "BAD_CREDENTIAL", message: "the code is not known", errors: [] });
        return;
      }
      const cookie = `session=${Math.random().toString(36).slice(2)}`;
      this.#signedIn.add(cookie);
      response.setHeader("Set-Cookie", `${cookie}; HttpOnly; SameSite=Strict; Path=/`);
      sendJson(response, 200, session);
      return;
    }
    if (request.method === "DELETE") this.#signedIn = new Set();
    if (request.method === "DELETE" || !this.#signedIn.has(request.headers.cookie ?? "")) {
      sendJson(response, 401, { code: "UNAUTHENTICATED", message: "sign in", errors: [] });
      return;
    }
    sendJson(response, 200, session);
  }
}

const OTHER_METRICS = [
  {
    ...SYSCALL_OPS,
    name: "cpu.usage",
    module: "cpu",
    stat: "usage",
    label: "CPU usage",
    unit: "percent",
    cost: "free",
  },
  { ...SYSCALL_OPS, name: "fs.logical_ops", module: "fs", stat: "logical_ops", label: "file-system operations" },
  {
    ...SYSCALL_OPS,
    name: "disk.physio_ops",
    module: "disk",
    stat: "physio_ops",
    label: "disk operations",
    cost: "low",
  },
  { ...SYSCALL_OPS, name: "cpu.dispatch_wait", module: "cpu", stat: "dispatch_wait", label: "run-queue latency" },
];

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];

function stepFor(seconds: number, columns: number): number {
  return STEPS.find((step) => seconds / step <= columns) ?? 3600;
}

const SERIES_KEYS: Readonly<Record<string, readonly string[]>> = {
  cpumode: ["user", "kernel"],
  execname: ["postgres", "node", "nginx", "redis-server", "vminfod", "cron"],
};

function fakeSeries(from: number, to: number, by: string): Series {
  const stepSec = stepFor(to - from, 600);
  const times = Array.from({ length: Math.floor((to - from) / stepSec) }, (_, i) => from + i * stepSec);
  const wave = (i: number): (number | null)[] =>
    times.map((ts) => (ts % 600 > 200 && ts % 600 < 220 ? null : 40 + 20 * Math.sin(ts / (20 + 9 * i)) + 12 * i));
  const keys = SERIES_KEYS[by] ?? ["web-3", "db-1", "global"];
  const series = keys.map((key, i) => ({ key, isOther: false, values: wave(i) }));
  const phases = times.map((ts) => ts % 600);
  const missing = phases.map((phase) => phase > 200 && phase < 220);
  const partial = phases.map((phase) => phase >= 420 && phase < 434);
  const hosts = times.map((_, i) => (missing[i] === true ? 0 : partial[i] === true ? 2 : 3));
  const known = {
    expected: times.map(() => 3),
    dropped: times.map(() => 0),
    reasons: missing.map((each) => (each ? "ssh_down" : "")),
  };
  const head = { instrumentation: "cpu", metric: "cpu.usage", unit: "percent", tier: "1s" };
  return { ...head, fromTs: from, toTs: to, stepSec, times, reporting: hosts, ...known, series };
}

/** Tells what an answer of one piece was. */
function keepAnswer(response: ServerResponse, keep: (type: string, body: string | Uint8Array) => void): void {
  const [head, end] = [response.writeHead.bind(response), response.end.bind(response)];
  let type: string | null = null;
  response.writeHead = ((status: number, headers: Record<string, string>) => {
    if (status === 200) type = headers["Content-Type"] ?? "";
    return head(status, headers);
  }) as typeof response.writeHead;
  response.end = ((body: string | Uint8Array) => {
    if (type !== null) keep(type, body);
    return end(body);
  }) as typeof response.end;
}

function writeColumn(stream: ServerResponse, column: HeatmapColumn): void {
  stream.write(`event: column\nid: ${column.ts}\ndata: ${JSON.stringify({ ...column, sentMs: Date.now() })}\n\n`);
}

async function sendFile(folder: string, path: string, response: ServerResponse): Promise<void> {
  const name = path === "/" ? "index.html" : normalize(path).replace(/^(\.\.[/\\])+/, "");
  try {
    const body = await readFile(join(folder, name));
    response.writeHead(200, {
      "Content-Type": TYPES[extname(name)] ?? "application/octet-stream",
      // As the product does: a file's name says what is in it.
      ...(path.startsWith("/assets/") && { "Cache-Control": "max-age=31536000, immutable" }),
      "Content-Security-Policy": POLICY,
    });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}
