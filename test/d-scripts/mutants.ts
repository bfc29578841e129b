/**
 * mutants.ts: the compiler with one deliberate fault each, to show that the checker would notice.
 *
 * A mutant is a copy of core/ and d-scripts/ in a temporary folder with a few lines replaced. A replacement that no longer finds
 * its line fails loudly: a mutant that is no mutant proves nothing.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Compiler } from "./orders.ts";

export interface Mutant {
  readonly title: string;
  readonly edits: readonly { readonly file: string; readonly from: string; readonly to: string }[];
}

/** Whitelists that stand before the literals: with these gone, hostile text reaches the compiler. */
const NO_PARSER = { file: "core/predicate.ts", from: "/^[A-Za-z0-9._+:@%/-]{1,63}$/", to: "/^[^]*$/" };
const NO_WHITELIST = { file: "d-scripts/ast.ts", from: "/^[A-Za-z0-9._+:@%/-]{1,63}$/", to: "/^[^]*$/" };

export const PARSER_GONE: Mutant = { title: "the parser lets every string through", edits: [NO_PARSER] };

export const MUTANTS: readonly Mutant[] = [
  {
    title: "the zone test is on the counting clause only",
    edits: [
      {
        file: "d-scripts/compile.ts",
        from: "const first = [...zoneTests(order), ",
        to: 'const first = [...(section.kind === "aggregate" ? zoneTests(order) : []), ',
      },
    ],
  },
  {
    title: "the zone test is not on the clauses that clean",
    edits: [
      {
        file: "d-scripts/compile.ts",
        from: "const first = [...zoneTests(order), ",
        to: 'const first = [...(section.kind === "clean" ? [] : zoneTests(order)), ',
      },
    ],
  },
  {
    title: "the zone test comes after the guards",
    edits: [
      {
        file: "d-scripts/compile.ts",
        from: "...first, ...guards.map(source)",
        to: "...guards.map(source), ...first",
      },
    ],
  },
  {
    title: "on Linux both sets of aggregations count every event",
    edits: [{ file: "d-scripts/compile.ts", from: "countsInto(set))]", to: "[])]" }],
  },
  {
    title: "on Linux the window that goes on is printed",
    edits: [{ file: "d-scripts/aggregation-sets.ts", from: "${1 - odd}", to: "${odd}" }],
  },
  {
    title: "tests are joined by or",
    edits: [{ file: "d-scripts/ast.ts", from: '.join(" &&\\n ")', to: '.join(" ||\\n ")' }],
  },
  {
    title: "alternatives have no parentheses",
    edits: [
      {
        file: "d-scripts/ast.ts",
        from: 'if (expression.kind === "all" || expression.kind === "any") return `(${text})`;',
        to: "",
      },
    ],
  },
  {
    title: "literals are neither checked nor escaped",
    edits: [
      NO_PARSER,
      NO_WHITELIST,
      {
        file: "d-scripts/ast.ts",
        from: 'value.replaceAll("\\\\", "\\\\\\\\").replaceAll(\'"\', \'\\\\"\')',
        to: "value",
      },
    ],
  },
  { title: "literals are escaped but not checked", edits: [NO_PARSER, NO_WHITELIST] },
  {
    title: "the name of who asked is pasted as it is",
    edits: [{ file: "d-scripts/head-comment.ts", from: "harmless(order.requestedBy)", to: "order.requestedBy" }],
  },
  {
    title: "names of zones are not checked",
    edits: [{ file: "d-scripts/order.ts", from: "/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/", to: "/^[^]*$/" }, NO_WHITELIST],
  },
  {
    title: "a pragma is printed",
    edits: [
      {
        file: "d-scripts/frame.ts",
        from: '"tick = 0"',
        to: '"tick = 0;\\n#pragma D option destructive\\n\\ttick = 0"',
      },
    ],
  },
  {
    title: "the nonce is not in the last line",
    edits: [{ file: "d-scripts/frame.ts", from: "@done ${frame.nonce}", to: "@done" }],
  },
  {
    title: "a destructive action is called",
    edits: [{ file: "d-scripts/compile.ts", from: "`${events} = sum(1)`", to: '`${events} = sum(1)`, "stop()"' }],
  },
];

/** Builds a mutant and hands it to `use`; the copy is removed afterwards. */
export async function withMutant<T>(mutant: Mutant, use: (compiler: Compiler) => T): Promise<T> {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const copy = mkdtempSync(join(tmpdir(), "isotherm-mutant-"));
  try {
    for (const folder of ["core", "d-scripts"]) cpSync(join(root, folder), join(copy, folder), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
    writeFileSync(join(copy, "package.json"), '{"type": "module"}');
    for (const { file, from, to } of mutant.edits) {
      const text = readFileSync(join(copy, file), "utf8");
      if (!text.includes(from)) throw new Error(`${mutant.title}: ${file} no longer holds ${from}`);
      writeFileSync(
        join(copy, file),
        text.replace(from, () => to),
      );
    }
    const load = async (file: string): Promise<unknown> => import(pathToFileURL(join(copy, file)).href);
    const parts = await Promise.all(
      ["core/instrumentation.ts", "d-scripts/compile.ts", "d-scripts/catalogue.ts"].map(load),
    );
    return use(Object.assign({}, ...parts) as Compiler);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
