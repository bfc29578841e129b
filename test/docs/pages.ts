/**
 * pages.ts: the documents, and what of their commands cannot run in a test, each with its reason. A command that is in no list here
 * is run.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { blocksOf, commandsOf, type Block, type ShellCommand } from "./markdown.ts";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** README.md and docs/*.md. docs/cli.md is the help, which test/cli/manual.test.ts holds to the program. */
export const PAGES: readonly string[] = [
  "README.md",
  ...readdirSync(join(ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

export function textOf(page: string): string {
  return readFileSync(join(ROOT, page), "utf8");
}

export function blocks(page: string, ...languages: readonly string[]): Block[] {
  return blocksOf(textOf(page)).filter(({ language }) => languages.includes(language));
}

export function commands(page: string): readonly ShellCommand[] {
  let found = read.get(page);
  // A shell is asked where each ends.
  if (found === undefined) read.set(page, (found = blocks(page, "sh", "console").flatMap(commandsOf)));
  return found;
}

const read = new Map<string, readonly ShellCommand[]>();

interface Rule {
  /** Absent: on every page. */
  readonly page?: string;
  readonly command?: RegExp;
  readonly why: string;
}

/** Not run by any test of the documents. */
export const NOT_HERE: readonly Rule[] = [
  { page: "docs/linux.md", why: "root, a Debian mirror, a kernel with BTF: test/linux/dtrace.test.ts is its test" },
  { command: /^dtrace /, why: "no DTrace where the tests run" },
  { command: /^(sudo |pfexec )?(svcadm|svccfg|svcs|zfs|zpool|vmadm|zoneadm|zlogin|pkgin|sdc-\w+)\b/, why: "SmartOS" },
  { command: /^(sudo )?(systemctl|systemd-\w+|journalctl|loginctl)\b/, why: "no systemd where the tests run" },
  { command: /^(sudo )?(docker|podman|buildah|skopeo)\b/, why: "no containers where the tests run" },
  { command: /^(sudo )?(apt-get|useradd|usermod|groupadd|chown|install|mount|umount)\b/, why: "changes the machine" },
  { command: /^(ssh|scp|rsync) /, why: "another machine" },
  {
    command: /^npm (install|ci|pack|publish|version)\b/,
    why: "test/demo and the tests of the release run what it installs",
  },
  { command: /^npm (test|run (?!isotherm))/, why: "this is one of those tests" },
  {
    command: /^isotherm capacity report /,
    why: "test/capacity-routes asks for it, as a page and as files; it takes seconds",
  },
  { command: /--password-file/, why: "a ClickHouse of its own: test/deploy and test/engine hold the statements" },
];

/** Run by test/docs-heavy: they start services, stores or an sshd of their own. */
export const HEAVY: readonly Rule[] = [
  { page: "docs/first-hour.md", why: "first-hour.test.ts" },
  { page: "docs/writing-a-metric.md", why: "metric.test.ts" },
  { command: /^npm start\b/, why: "stores.test.ts" },
  { command: /^isotherm (demo|backup|restore|migrate)\b/, why: "stores.test.ts" },
  { command: /^isotherm import\b(?!.*--print)/, why: "stores.test.ts" },
  { page: "docs/capacity-cookbook.md", why: "capacity.test.ts" },
  { page: "docs/capacity.md", why: "capacity.test.ts" },
  { command: /^isotherm (serve|ingest|query|collect)\b/, why: "first-hour.test.ts, test/processes/roles.test.ts" },
  { command: /^isotherm host (add|remove)\b/, why: "first-hour.test.ts, test/wrapper/enrol.test.ts" },
];

export function ruleFor(rules: readonly Rule[], page: string, text: string): Rule | undefined {
  return rules.find((rule) => (rule.page ?? page) === page && (rule.command?.test(text) ?? true));
}
