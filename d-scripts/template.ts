/**
 * template.ts: a metric's `.d` file as sections.
 *
 * The file is D that a person reads and reviews: an opening comment, then clauses, each under a comment whose first word
 * says what the clause is for. The compiler takes from it the clauses that an instrumentation needs.
 *
 *   always NAME     gathers NAME, whatever is asked: without it the count itself would be wrong
 *   begin NAME      gathers NAME where the event begins; predicates on fields known there are tested there
 *   gather NAME     gathers NAME elsewhere
 *   aggregate       counts the event; its body is `@rows[KEYS] = VALUE;`, which the compiler writes
 *   clean NAME      sets NAME to 0, which frees it: the kernel's space for such variables is small
 *
 * NAME is a D variable: `self->NAME`, `this->NAME` or `NAME[...]`. `on linux` or `on smartos` restricts a section to a
 * platform. A predicate in the file is a guard; the part of it that mentions a variable nobody gathers is left out.
 */
import type { Platform } from "./recipe.ts";
import { conjunctsOf, variablesIn } from "./tokens.ts";

export type SectionKind = "always" | "begin" | "gather" | "aggregate" | "clean";

export interface Section {
  readonly kind: SectionKind;
  /** The variable; "" for aggregate. */
  readonly name: string;
  /** null: on all. */
  readonly platform: Platform | null;
  readonly prose: string;
  readonly probes: readonly string[];
  /** Terms of the guard, all of which must hold. */
  readonly guards: readonly string[];
  /** Without their semicolons. */
  readonly statements: readonly string[];
}

export interface Template {
  readonly sections: readonly Section[];
  /** Names of all variables that some section gathers. */
  readonly variables: ReadonlySet<string>;
}

const HEADER = /^\/\*\n(?: \*[^\n]*\n)+ \*\/\n/;
const SECTION = /\n\/\*([^*]*(?:\*(?!\/)[^*]*)*)\*\/\n([^/{}]+)\n(?:\/([^{}]+)\/\n)?\{\n((?:\t[^\n{}]+\n)+)\}\n/y;
const HEADING = /^(always|begin|gather|aggregate|clean)(?: ([a-z_]+))?(?: on (smartos|linux))?: (.+)$/;
const PLACEHOLDER = "@rows[KEYS] = VALUE";

/**
 * @param name the metric's, for errors
 * @throws Error where the file does not follow the form above: a fault of the catalogue, which its test catches
 */
export function parseTemplate(text: string, name: string): Template {
  const header = HEADER.exec(text);
  if (header === null) throw new Error(`${name}.d: expected an opening comment`);
  const sections: Section[] = [];
  SECTION.lastIndex = header[0].length;
  while (SECTION.lastIndex < text.length) {
    const at = SECTION.lastIndex;
    const match = SECTION.exec(text);
    if (match === null) throw new Error(`${name}.d:${lineOf(text, at)}: expected a comment and a clause`);
    sections.push(readSection(match, `${name}.d:${lineOf(text, at)}`));
  }
  const variables = new Set(sections.map((section) => section.name).filter((variable) => variable !== ""));
  return { sections, variables };
}

/** The variables that a section's body reads, besides the one that it sets. */
export function readsOf(section: Section, variables: ReadonlySet<string>): Set<string> {
  if (section.kind === "aggregate") return new Set();
  const reads = variablesIn(section.statements.join("; "), variables);
  reads.delete(section.name);
  return reads;
}

function readSection(match: RegExpExecArray, place: string): Section {
  const [, comment = "", probes = "", guard, body = ""] = match;
  const heading = HEADING.exec(comment.replace(/\n \*/g, " ").replace(/\s+/g, " ").trim());
  if (heading === null) throw new Error(`${place}: expected a heading such as "begin start: ..."`);
  const [, kind, name = "", platform, prose = ""] = heading;
  if (!body.endsWith(";\n")) throw new Error(`${place}: expected a semicolon after each statement`);
  // Lines after a statement's first keep their indentation: it is there for the reader.
  const statements = body
    .slice(0, -2)
    .split(/;\n/)
    .map((statement) => statement.replace(/^\t/, ""));
  const section: Section = {
    kind: kind as SectionKind,
    name,
    platform: (platform as Platform | undefined) ?? null,
    prose,
    probes: probes.split(",").map((probe) => probe.trim()),
    guards: guard === undefined ? [] : conjunctsOf(guard.replace(/\s+/g, " ").trim()),
    statements,
  };
  if ((section.kind === "aggregate") !== (name === "")) {
    throw new Error(`${place}: expected a variable's name after every kind but aggregate`);
  }
  if (section.kind === "aggregate" && section.statements.join() !== PLACEHOLDER) {
    throw new Error(`${place}: expected ${PLACEHOLDER};`);
  }
  return section;
}

function lineOf(text: string, at: number): number {
  return text.slice(0, at + 1).split("\n").length;
}
