/**
 * check.ts: `isotherm check`: what a person needs to see before trusting a fleet, host by host.
 *
 * Each host is tried by the collector's own code (collectors/host-check.ts), many at once, none for longer than its time.
 */
import { Command } from "commander";
import { checkHost, type HostCheck } from "../collectors/host-check.ts";
import { CHECK_STEPS, type CheckStep, type StepState } from "../collectors/host-verdict.ts";
import { SupportBook } from "../collectors/support.ts";
import { Turns } from "../collectors/turns.ts";
import { OperationalError } from "../core/errors.ts";
import { readSsh } from "./collect.ts";
import { readConfig } from "./config.ts";
import { findHosts, hostConfig, hostsNow } from "./host-inventory.ts";
import { inkFor, type Ink } from "./ink.ts";
import { integerOption } from "./options.ts";
import { progressOn } from "./progress.ts";
import { plain, table, type Cell } from "./table.ts";

const EXAMPLES = `Examples:
  isotherm check -c isotherm.yaml                 every host of the inventory
  isotherm check -c isotherm.yaml cn-07 cn-08     these only
  isotherm check -c isotherm.yaml --timeout 60    hosts that compile slowly
  isotherm check -c isotherm.yaml --json | jq -r '.hosts[] | select(.ok | not) | .host'
`;

const HELP = `
What each column says:
  reach     the host answers, and takes the collector's key
  host key  it is the one in collect.knownHostsFile
  wrapper   its version
  zones     how many, and how many of them are nobody's
  clock     how far it is ahead of this machine's
  dtrace    its version, once a program has printed a frame there: DTrace is there, and allowed
  kstat     all kstat metrics of the catalogue have had a sample
  metrics   how many DTrace metrics of the catalogue compile there

Nothing is stored. The host runs what a collector would run: one small program, kstat, and dtrace -e of each metric.

Exit status: 0 every host is fit (there may be warnings); 1 a host is not; 2 the command line or the configuration is wrong.`;

/** Shaking hands is what costs; see turns.ts. */
const CONNECTING_AT_ONCE = 16;
const HOSTS_AT_ONCE = 64;

interface CheckOptions {
  readonly config: string;
  readonly timeout: number;
  readonly json?: boolean;
}

export function checkCommand(): Command {
  return new Command("check")
    .description("try every host: connection, key, wrapper, zones, clock, DTrace, kstat, and which metrics compile")
    .argument("[hosts...]", "names of hosts; all of the inventory by default")
    .requiredOption("-c, --config <file>", "the configuration file (docs/configuration.md)")
    .option("--timeout <seconds>", "for each host", integerOption("--timeout", 1, 600), 30)
    .option("--json", "print JSON: {hosts: [{host, ok, steps, metrics}]}")
    .addHelpText("before", EXAMPLES)
    .addHelpText("after", HELP)
    .action(async (names: string[], options: CheckOptions) => {
      const config = await readConfig(options.config, process.env);
      const { privateKey, knownHosts } = await readSsh(config);
      const hosts = findHosts(await hostsNow(config), names).map((host) => hostConfig(host, privateKey));
      const checks = await checkAll(hosts, knownHosts(), options.timeout * 1000, process.stderr);
      const ink = inkFor(process.stdout, process.env);
      process.stdout.write(options.json === true ? checksJson(checks) : checksText(checks, ink));
      const unfit = checks.filter(({ ok }) => !ok).length;
      if (unfit > 0)
        throw new OperationalError("CHECK_FAILED", `check hosts: ${unfit} of ${checks.length} are not fit`);
    });
}

export async function checkAll(
  hosts: readonly Parameters<typeof checkHost>[0]["host"][],
  knownHosts: Parameters<typeof checkHost>[0]["knownHosts"],
  timeoutMs: number,
  terminal: Parameters<typeof progressOn>[0],
): Promise<readonly HostCheck[]> {
  const support = new SupportBook();
  const turns = new Turns(CONNECTING_AT_ONCE);
  const places = new Turns(HOSTS_AT_ONCE);
  const progress = progressOn(terminal);
  let done = 0;
  const say = (): void => progress.say(`checking hosts: ${done} of ${hosts.length}`);
  say();
  try {
    return await Promise.all(
      hosts.map((host) =>
        places.take(async () => {
          const check = await checkHost({ host, knownHosts, timeoutMs, support, turns });
          done += 1;
          say();
          return check;
        }),
      ),
    );
  } finally {
    progress.end();
  }
}

export function checksJson(checks: readonly HostCheck[]): string {
  return `${JSON.stringify({ hosts: checks }, null, 2)}\n`;
}

/** A table, and below it a line for whatever is not ok: with which hosts, what it is, and what to do. */
export function checksText(checks: readonly HostCheck[], ink: Ink): string {
  if (checks.length === 0) return "there are no hosts: isotherm host add, or collect.hosts in the configuration\n";
  const inks: Readonly<Record<StepState, (text: string) => string>> = {
    ok: (text) => text,
    warning: ink.warn,
    failed: ink.bad,
    unknown: ink.dim,
  };
  const head = ["HOST", ...CHECK_STEPS.map((name) => name.toUpperCase())];
  const rows = checks.map(({ host, ok, steps }): Cell[] => [
    { text: host, ink: ok ? ink.good : ink.bad },
    ...steps.map(({ brief, state }): Cell => ({ text: `${MARKS[state]}${brief}`, ink: inks[state] })),
  ]);
  const lines = findingsOf(checks).map((each) => line(each, checks.length, inks));
  const fit = checks.filter(({ ok }) => ok).length;
  const sum = `${fit} of ${checks.length} hosts are fit\n`;
  return `${table([head, ...rows])}${lines.length === 0 ? "" : `\n${lines.join("")}`}\n${sum}`;
}

/** So that it can be read without colours. */
const MARKS: Readonly<Record<StepState, string>> = { ok: "", warning: "! ", failed: "x ", unknown: "" };

/** What is wrong, and with whom. */
interface Finding {
  readonly step: CheckStep;
  readonly hosts: readonly string[];
}

/** Each once, with all hosts that it holds for; failures first. A rack of one image says the same of each of its hosts. */
function findingsOf(checks: readonly HostCheck[]): Finding[] {
  const found = new Map<string, { step: CheckStep; hosts: string[] }>();
  for (const { host, steps } of checks) {
    for (const step of steps) {
      if (step.state !== "warning" && step.state !== "failed") continue;
      const key = JSON.stringify([step.name, step.state, step.text, step.next]);
      const same = found.get(key);
      if (same === undefined) found.set(key, { step, hosts: [host] });
      else same.hosts.push(host);
    }
  }
  const all = [...found.values()];
  return [...all.filter(({ step }) => step.state === "failed"), ...all.filter(({ step }) => step.state !== "failed")];
}

const MAX_NAMED = 8;

function line(
  { step: { name, state, text, next }, hosts }: Finding,
  of: number,
  inks: Readonly<Record<StepState, (text: string) => string>>,
): string {
  const more = hosts.length - MAX_NAMED;
  const some = `${hosts.slice(0, MAX_NAMED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  const whom = hosts.length === of && of > 1 ? `all ${of} hosts` : some;
  const what = `${MARKS[state]}${plain(whom)}: ${name}: ${plain(text)}`;
  return `${inks[state](what)}\n${next === "" ? "" : `    ${next}\n`}`;
}
