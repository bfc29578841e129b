/**
 * documents-bed.ts: what the documents' commands find: the whole product with a simulated fleet, a history by hours, a shell.
 *
 * Each page has a folder of its own, with the files that its commands name.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importHistory } from "../../cli/import-history.ts";
import { historyLines } from "../../collectors/simulator/history.ts";
import type { Breakdown, InstrumentationInfo } from "../../core/api.ts";
import { startStack, type Stack } from "../e2e/stack.ts";
import type { ShellCommand } from "./markdown.ts";
import { blocks } from "./pages.ts";
import { unlike } from "./shape.ts";
import { Shell } from "./shell.ts";
import { until } from "../until.ts";

/** What `isotherm demo` has always on, and what the pages ask of. */
const STANDING = [
  { metric: "syscall.ops", decomposition: ["execname", "syscall", "latency"] },
  { metric: "cpu.usage", decomposition: ["cpumode"] },
  ...["cpu.waittime", "zfs.zone_wait", "zfs.zone_bytes"].map((metric) => ({ metric, decomposition: [] })),
];

const HOSTS = 2;
const ZONES_PER_HOST = 4;

export interface DocumentsBed {
  readonly stack: Stack;
  readonly shell: Shell;
  /** A new folder with the page's files. */
  folderOf(page: string): string;
  readonly env: Readonly<Record<string, string>>;
  /** A command, with the hosts, ports and folders that there are here. */
  here(text: string, folder: string): string;
  close(): Promise<void>;
}

/** @param days of history by hours, for what capacity is asked of */
export async function openBed(days = 0): Promise<DocumentsBed> {
  const root = mkdtempSync(join(tmpdir(), "isotherm-docs-"));
  mkdirSync(join(root, "shell"));
  const [stack, shell] = await Promise.all([
    startStack({ hosts: HOSTS, zonesPerHost: ZONES_PER_HOST, tenants: 3, seed: 1, backfillSec: 60 }),
    Shell.start(join(root, "shell")),
  ]);
  const { query, ingest, store, state } = stack.services;
  for (const each of STANDING) await query.instrumentations.ensureStanding(each);
  if (days > 0) {
    const history = historyLines({ days, hosts: 1, zonesPerHost: 2, seed: 3, nowMs: Date.now() });
    await importHistory(history, { store, state, enable: true });
  }
  await stack.operator.post("/v1/alerts/hooks", {
    name: "pager",
    kind: "webhook",
    url: "https://pager.example.com/isotherm",
  });
  const { instrumentations } = await stack.operator.json<{ instrumentations: InstrumentationInfo[] }>(
    "/v1/instrumentations",
  );
  const id = instrumentations.find(({ metric, keys }) => metric === "syscall.ops" && keys.length === 3)?.id ?? "";
  // What the pages show is of the last ten seconds, in every zone and the global ones.
  await until("ten seconds of system calls in each zone", async () => {
    const to = Math.floor(Date.now() / 1000) - 2;
    const zones = `/v1/instrumentations/${id}/breakdown?by=zonename&from=-10&to=${to}`;
    const { parts } = await stack.operator.json<Breakdown>(zones);
    return parts.length > HOSTS * ZONES_PER_HOST ? true : undefined;
  });
  const at = (url: string): string => new URL(url).host;
  return {
    ...{ stack, shell },
    env: {
      ISOTHERM_URL: query.url,
      ISOTHERM_TOKEN_FILE: "operator.token",
      URL: query.url,
      TOKEN: stack.operator.token,
      ID: id,
    },
    folderOf: (page) => {
      const folder = mkdtempSync(join(root, "page-"));
      writeFiles(folder, page, stack);
      return folder;
    },
    here: (text, folder) =>
      endless(text)
        .replaceAll(/(localhost|127\.0\.0\.1):8080/g, at(query.url))
        .replaceAll("127.0.0.1:8081", at(ingest.url))
        .replaceAll("/etc/ssh/", `${folder}/`)
        .replaceAll(/\/(etc|var\/lib)\/isotherm\b/g, folder),
    close: async () => {
      await shell.close();
      await stack.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** A busy machine brings some seconds late, and what is printed says so: a page shows an idle one. */
function asIfWhole(stdout: string): string {
  return stdout.replaceAll(/\d+ s watched of (?=\d+ s)/g, "");
}

/** Runs a page's commands. @returns what is wrong, with the page's lines */
export async function complaints(bed: DocumentsBed, page: string, run: readonly ShellCommand[]): Promise<string[]> {
  const folder = bed.folderOf(page);
  const texts = run.map(({ text }) => bed.here(text, folder));
  const outcomes = await bed.shell.run(texts, folder, bed.env);
  return run.flatMap(({ line, output }, i) => {
    const { status, stdout, stderr } = outcomes[i] ?? { status: 98, stdout: "", stderr: "" };
    const where = `${page}:${line}: ${texts[i] ?? ""}`;
    if (status !== 0) return [`${where}: status ${status}: ${stderr}${stdout.slice(0, 300)}`];
    // curl has status 0 for a refusal too.
    if (/"code":"[A-Z_]+","message"/.test(stdout)) return [`${where}: ${stdout.slice(0, 400)}`];
    return unlike(output, asIfWhole(stdout)).map(
      (shown) => `${where}: prints nothing like ${shown}, but\n${stdout.slice(0, 600)}`,
    );
  });
}

/** What runs until somebody ends it is ended after two columns. */
function endless(text: string): string {
  return text.includes("--count") ? text : text.replace(/\bisotherm( --)? watch \S+/, "$& --count 2");
}

function writeFiles(folder: string, page: string, stack: Stack): void {
  const put = (name: string, text: string | Buffer): void => writeFileSync(join(folder, name), text, { mode: 0o600 });
  const { hosts } = stack.fleet;
  put("operator.token", `${stack.operator.token}\n`);
  put(
    "key",
    stack.collectorOptions.hosts.map(({ target }) => ("privateKey" in target ? target.privateKey : ""))[0] ?? "",
  );
  put("known_hosts", hosts.map(({ name, port, hostKey }) => `[${name}]:${port} ${hostKey}\n`).join(""));
  put("ssh_host_ed25519_key.pub", `${hosts[0]?.hostKey ?? ""}\n`);
  const list = hosts.map(
    ({ name, port }) => `    - { name: ${name}, address: 127.0.0.1, port: ${port}, username: isotherm }\n`,
  );
  put("isotherm.yaml", `collect:\n  keyFile: key\n  knownHostsFile: known_hosts\n  hosts:\n${list.join("")}`);
  put("out.txt", SAVED_OUTPUT);
  // The rules that the page shows are the file that it names; another page's are as good.
  const rules = blocks(page, "yaml").find(({ text }) => text.startsWith("rules:"));
  put("rules.yaml", rules?.text ?? SOME_RULE);
  mkdirSync(join(folder, "spool"));
}

const SAVED_OUTPUT = `
  bash
           value  ------------- Distribution ------------- count
            1024 |                                         0
            2048 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@ 7
            4096 |                                         0
`;
const SOME_RULE = `rules:
  - name: slow
    instrumentation: { metric: syscall.ops, decomposition: [execname, syscall, latency] }
    condition: { kind: quantile, q: 0.99, windowSec: 60, above: 10000000 }
`;
