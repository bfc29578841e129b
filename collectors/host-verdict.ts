/**
 * host-verdict.ts: what a host's reports amount to, as steps that a person can act on.
 *
 * Each step is ok, a warning (data will come, but not all or not as they should), failed, or unknown because an earlier one
 * failed. Whatever is not ok says what to do next. Pure: reports in, steps out.
 */
import { durationText } from "../core/duration.ts";
import type { EnablingStatus, HostReport, MetricSupport } from "../core/host-status.ts";
import { QUARANTINE } from "../core/window.ts";
import type { Platform } from "../d-scripts/recipe.ts";
import type { HostFacts } from "./host-facts.ts";

export const CHECK_STEPS = ["reach", "host key", "wrapper", "zones", "clock", "dtrace", "kstat", "metrics"] as const;
export type StepName = (typeof CHECK_STEPS)[number];
export type StepState = "ok" | "warning" | "failed" | "unknown";

export interface CheckStep {
  readonly name: StepName;
  readonly state: StepState;
  /** For a table: a word or two. */
  readonly brief: string;
  /** The whole story; "" where `brief` is. */
  readonly text: string;
  /** What to do about it; "" where nothing is to be done. */
  readonly next: string;
}

export interface HostVerdict {
  readonly ok: boolean;
  readonly steps: readonly CheckStep[];
  /** Of the catalogue: whether each DTrace metric compiles, and which statistics each kstat metric lacks. */
  readonly metrics: readonly MetricSupport[];
}

export interface Evidence {
  readonly report: HostReport | undefined;
  readonly zones: HostReport["zones"];
  readonly facts: HostFacts | undefined;
  readonly platform: Platform;
  readonly timedOut: boolean;
  readonly timeoutMs: number;
}

/** The reason of a host that has not been called yet (host.ts). */
export const NOT_YET = "not connected yet";

/** The wrapper that this program comes with (deploy/wrapper). */
const WRAPPER = 2;
/** As in host-clock.ts: below it times stand, and above the other they are not believed. */
const CLOCK_STANDS_MS = 250;
const CLOCK_BELIEVED_MS = 3_600_000;

type Judged = Omit<CheckStep, "name">;

export function judge(evidence: Evidence): HostVerdict {
  const found = findings(evidence);
  const steps = CHECK_STEPS.map((name): CheckStep => ({
    name,
    ...(found.get(name) ?? { state: "unknown", brief: "-", text: "", next: "" }),
  }));
  return { ok: steps.every(({ state }) => state === "ok" || state === "warning"), steps, metrics: metricsOf(evidence) };
}

function findings(evidence: Evidence): Map<StepName, Judged> {
  const { report, facts, timedOut, timeoutMs } = evidence;
  if (report === undefined || (report.state !== "up" && report.reason === NOT_YET)) {
    const text = timedOut ? `no answer within ${timeoutMs / 1000} s` : "not tried";
    return new Map([["reach", failed("no answer", text, "is it up? does a firewall drop port 22 on the way?")]]);
  }
  if (report.state !== "up") return downFindings(report, evidence);
  const link: [StepName, Judged][] = [
    ["reach", ok("yes")],
    ["host key", ok("known")],
    ["wrapper", wrapperStep(facts)],
    ["zones", zonesStep(evidence)],
    ["clock", clockStep(facts)],
    ["dtrace", dtraceStep(evidence)],
  ];
  if (evidence.platform === "smartos") link.push(["kstat", kstatStep(evidence)]);
  else link.push(["kstat", ok("none here")]);
  return new Map([...link, ["metrics", metricsStep(evidence)]]);
}

/** The attempt that failed is named at the reason's beginning (core/errors.ts). */
function downFindings({ reason, detail }: HostReport, { platform }: Evidence): Map<StepName, Judged> {
  const steps = new Map<StepName, Judged>();
  const isKey = detail?.enablings.some(({ cause }) => cause === "host_key") === true || /host key/.test(reason);
  if (isKey) {
    const changed = /CHANGED/.test(reason);
    const next = changed
      ? "find out why before anything else; if the host was reinstalled: isotherm host remove --local, then host add"
      : /revoked/.test(reason)
        ? "this key must never be trusted again: give the host a new one, then isotherm host add"
        : "isotherm host add shows the fingerprint, and adds it once you have compared it";
    return steps
      .set("reach", ok("yes"))
      .set("host key", failed(changed ? "CHANGED" : /revoked/.test(reason) ? "revoked" : "unknown", reason, next));
  }
  const command = /^run "(\w+)/.exec(reason)?.[1] ?? (/^read the answer of vmadm/.test(reason) ? "vms" : undefined);
  if (command !== undefined || /^start "/.test(reason)) {
    steps.set("reach", ok("yes")).set("host key", ok("known"));
    if (command === "zones" || command === "vms") {
      steps.set("wrapper", ok("answers"));
      return steps.set("zones", failed("cannot be listed", reason, zonesAdvice(command, platform)));
    }
    const next = 'does the key\'s line have command="...isotherm-wrapper"? isotherm host add installs both';
    return steps.set("wrapper", failed("no answer", reason, next));
  }
  if (/authentication methods failed/.test(reason)) {
    const next = "the host does not take the key: is its line in authorized_keys, and is from= this machine's address?";
    return steps.set("reach", failed("key refused", reason, next)).set("host key", ok("known"));
  }
  return steps.set("reach", failed(briefNetwork(reason), reason, networkAdvice(reason)));
}

function briefNetwork(reason: string): string {
  if (/ECONNREFUSED/.test(reason)) return "refused";
  if (/ENOTFOUND|EAI_AGAIN/.test(reason)) return "no such name";
  if (/ETIMEDOUT|Timed out/.test(reason)) return "no answer";
  return "no";
}

function networkAdvice(reason: string): string {
  if (/ECONNREFUSED/.test(reason)) return "is sshd running there, on this port? (collect.hosts[].port)";
  if (/ENOTFOUND|EAI_AGAIN/.test(reason))
    return "give the host an address in the configuration (collect.hosts[].address)";
  if (/ETIMEDOUT|Timed out|EHOSTUNREACH/.test(reason)) return "is it up? does a firewall drop packets on the way?";
  return "try by hand: ssh -v with the collector's key";
}

function zonesAdvice(command: string, platform: Platform): string {
  if (platform === "linux") return "run the wrapper's zones by hand on the host";
  return command === "vms"
    ? "vmadm is root's: log in as root, or let the user run it (docs/hosts.md, without root)"
    : "run zoneadm list -p by hand on the host; is it SmartOS? (collect.hosts[].platform)";
}

function wrapperStep(facts: HostFacts | undefined): Judged {
  const install = "install the one that comes with this program: isotherm host add, or docs/hosts.md";
  if (facts === undefined || facts.wrapper === 0) return failed("none", "what answers is not the wrapper", install);
  if (facts.wrapper < WRAPPER)
    return warning(`${facts.wrapper}, old`, `version ${facts.wrapper}; this program has ${WRAPPER}`, install);
  if (facts.wrapper > WRAPPER)
    return warning(
      `${facts.wrapper}, newer`,
      `version ${facts.wrapper}; this program knows ${WRAPPER}`,
      "upgrade the collectors",
    );
  if (facts.share === 0)
    return warning(
      `${facts.wrapper}, no perl`,
      "the host has no perl: programs beyond five wait for a channel",
      "nothing, unless more than five programs are to run at once",
    );
  return ok(String(facts.wrapper));
}

function zonesStep({ zones, platform }: Evidence): Judged {
  if (zones === undefined) return failed("not listed", "zones were not listed in time", "run zoneadm list -p by hand");
  if (platform === "linux") return ok("the host");
  const nobodys = zones.filter(({ owner }) => owner === QUARANTINE).map(({ name }) => name);
  if (nobodys.length === 0) return ok(String(zones.length));
  return warning(
    `${zones.length}, ${nobodys.length} nobody's`,
    `${nobodys.length} of ${zones.length} zones have no owner: ${listed(nobodys)}`,
    "their rows go to quarantine, for operators only; vmadm update UUID owner_uuid=... gives a zone to somebody",
  );
}

function clockStep(facts: HostFacts | undefined): Judged {
  const offsetMs = facts?.clockOffsetMs ?? null;
  if (offsetMs === null) return warning("not said", "the host does not tell its time", "install the current wrapper");
  const text = `${offsetMs >= 0 ? "+" : "-"}${durationText(Math.abs(offsetMs) / 1000, "ms")}`;
  if (Math.abs(offsetMs) < CLOCK_STANDS_MS) return ok(text);
  const next = "let NTP set the host's clock, and this machine's (svcs ntp; chronyc tracking)";
  return Math.abs(offsetMs) <= CLOCK_BELIEVED_MS
    ? warning(text, `the host's clock is ${text} off: times are corrected by that`, next)
    : warning(text, `the host's clock is ${text} off: windows get the time at which they arrive`, next);
}

function dtraceStep({ report, facts, timeoutMs }: Evidence): Judged {
  const program = report?.detail?.enablings.find(({ metric }) => metric.startsWith("proc."));
  const version = facts?.dtrace === "none" ? "" : (facts?.dtrace ?? "");
  if (program === undefined) return failed("not tried", "no program could be tried", "check again");
  if (program.state === "running") return ok(version === "" ? "runs" : version);
  const reason = program.reason === "" ? program.cause.replaceAll("_", " ") : program.reason;
  switch (program.cause) {
    case "no_dtrace":
      return failed("none", reason, "install DTrace, or correct PATH at the wrapper's head");
    case "no_privileges":
      return failed(
        "no privileges",
        reason,
        "log in as root, or give the user dtrace_kernel, dtrace_user and dtrace_proc (docs/hosts.md, without root)",
      );
    case "kill_switch":
      return failed("switched off", reason, "remove the file that it names, once tracing is wanted again");
    case "refused":
      return failed(
        "refused",
        reason,
        "the wrapper refuses our programs: install the one that comes with this program",
      );
    case "starting":
    case "waiting_for_channel":
    case "silent":
      return failed(
        "prints nothing",
        `a program printed no frame within ${timeoutMs / 1000} s`,
        "run dtrace by hand there: is the host overloaded?",
      );
    default:
      return failed(program.state, reason, "isotherm script proc.execs prints the program: run it by hand on the host");
  }
}

function kstatStep({ report, timeoutMs }: Evidence): Judged {
  const all = (report?.detail?.enablings ?? []).filter(({ metric }) => !metric.startsWith("proc."));
  const bad = all.filter(({ state }) => state !== "running");
  const lacking = (report?.detail?.metrics ?? []).filter(({ missing }) => missing.length > 0);
  if (bad.length > 0) return kstatTrouble(bad, all.length, timeoutMs);
  if (lacking.length === 0) return ok(`${all.length} metrics`);
  const names = lacking.map(({ metric, missing }) => `${metric} (${missing.join(", ")})`);
  return warning(
    `${lacking.length} lack some`,
    `the platform image does not count: ${listed(names)}`,
    "nothing: what it does not count is left out, and the API says so",
  );
}

function kstatTrouble(bad: readonly EnablingStatus[], of: number, timeoutMs: number): Judged {
  const [first] = bad;
  const reason = first === undefined || first.reason === "" ? (first?.cause ?? "") : first.reason;
  if (first?.cause === "kill_switch") return failed("switched off", reason, "remove the file that it names");
  if (first?.state === "starting")
    return failed("no sample", `kstat printed no sample within ${timeoutMs / 1000} s`, "run kstat -p by hand there");
  return failed(`${bad.length} of ${of} fail`, `${first?.metric ?? ""}: ${reason}`, "run kstat -p by hand there");
}

function metricsStep(evidence: Evidence): Judged {
  const compiled = metricsOf(evidence).filter(({ metric }) => isProgram(evidence, metric));
  const can = compiled.filter(({ supported }) => supported === true);
  const cannot = compiled.filter(({ supported }) => supported === false);
  const open = compiled.length - can.length - cannot.length;
  const brief = `${can.length} of ${compiled.length}`;
  if (can.length === compiled.length) return ok(brief);
  if (can.length === 0)
    return failed(brief, cannot[0]?.reason ?? "none was compiled in time", "see dtrace; --timeout gives it longer");
  const why = withReasons(cannot);
  return open > 0
    ? warning(
        `${brief}, ${open} open`,
        `${open} were not compiled in time${why === "" ? "" : `; do not compile: ${why}`}`,
        "--timeout gives it longer",
      )
    : warning(
        brief,
        `do not compile: ${why}`,
        "nothing, if the host lacks what they measure; else isotherm script METRIC, by hand",
      );
}

/** What dtrace begins with, which the sentence says already. */
const FAILED_TO_COMPILE =
  /^exit status 1: (dtrace: )?failed to compile script \S+: (line \d+: dtrace: failed to compile script: )?/;

/** Each reason once, after the metrics that it holds for: dtrace's are long, and may be all the same. */
function withReasons(metrics: readonly MetricSupport[]): string {
  const names = new Map<string, string[]>();
  for (const { metric, reason } of metrics) {
    const own = reason.replace(FAILED_TO_COMPILE, "");
    names.set(own, [...(names.get(own) ?? []), metric]);
  }
  const all = [...names].map(([reason, some]) => listed(some) + (reason === "" ? "" : ` (${reason})`));
  const more = all.length - MAX_LISTED;
  return all.slice(0, MAX_LISTED).join("; ") + (more > 0 ? `; and for ${more} more reasons` : "");
}

/** kstat metrics are in the list as well, once they have run. */
function isProgram({ report }: Evidence, metric: string): boolean {
  const ran = report?.detail?.enablings.find((each) => each.metric === metric);
  return ran === undefined || metric.startsWith("proc.");
}

function metricsOf({ report }: Evidence): readonly MetricSupport[] {
  return report?.state === "up" ? (report.detail?.metrics ?? []) : [];
}

function ok(brief: string): Judged {
  return { state: "ok", brief, text: "", next: "" };
}

function warning(brief: string, text: string, next: string): Judged {
  return { state: "warning", brief, text, next };
}

function failed(brief: string, text: string, next: string): Judged {
  return { state: "failed", brief, text, next };
}

const MAX_LISTED = 6;

function listed(names: readonly string[]): string {
  const more = names.length - MAX_LISTED;
  return names.slice(0, MAX_LISTED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
