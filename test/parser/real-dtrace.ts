/**
 * real-dtrace.ts: `isotherm parse` held against real DTrace: hundreds of scripts whose output is known beforehand.
 *
 *     ISOTHERM_DTRACE_CHROOT=/path/to/debian node --import tsx test/parser/real-dtrace.ts [COUNT [SEED [FOLDER]]]
 *
 * FOLDER: where the outputs of the same COUNT and SEED were kept; they are then read again, without running anything.
 * Runs each script, keeps script and output in a folder under the system's temporary one, and prints every difference
 * between what is read and what the script says. Needs root, and DTrace for Linux (docs/linux.md). A test runs a few of them
 * where it can (real-dtrace.test.ts).
 */
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compare } from "./dtrace-comparison.ts";
import { fixedScripts } from "./dtrace-fixed-scripts.ts";
import { makeRunner, whyNoDtrace, type Runner } from "./dtrace-runner.ts";
import { someScript } from "./dtrace-scripts.ts";

const PARALLEL = 2;

async function main(count: number, seed: number, kept?: string): Promise<number> {
  const whyNot = kept === undefined ? whyNoDtrace() : false;
  if (whyNot !== false) {
    console.log(`skipped: ${whyNot}`);
    return 0;
  }
  const folder = kept ?? mkdtempSync(join(tmpdir(), "isotherm-real-dtrace-"));
  const runner = kept === undefined ? makeRunner() : keptRunner(kept);
  const scripts = [...fixedScripts(), ...Array.from({ length: count }, (_, i) => someScript(seed + i))];
  const totals = { scripts: 0, failed: 0, items: 0, rows: 0, unknownEdges: 0, guessedEdges: 0, differences: 0 };
  try {
    const waiting = scripts.values();
    const worker = async (): Promise<void> => {
      for (const script of waiting) {
        const { stdout, stderr, status } = await runner.run(script);
        if (kept === undefined) {
          writeFileSync(join(folder, `${script.name}.d`), script.text);
          writeFileSync(join(folder, `${script.name}.out`), stdout);
        }
        totals.scripts++;
        if (status !== 0) {
          totals.failed++;
          console.log(`${script.name}: dtrace ended with ${status}: ${stderr.trim()}`);
          continue;
        }
        const { differences, items, rows, unknownEdges, guessedEdges } = compare(script.expected, stdout);
        totals.items += items;
        totals.rows += rows;
        totals.unknownEdges += unknownEdges;
        totals.guessedEdges += guessedEdges;
        totals.differences += differences.length;
        for (const difference of differences) console.log(`${script.name}: ${difference}`);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, worker));
  } finally {
    runner.close();
  }
  console.log(`${JSON.stringify(totals)}\nkept in ${folder}`);
  return totals.differences + totals.failed;
}

function keptRunner(folder: string): Runner {
  const output = (name: string): Buffer | undefined => {
    const file = join(folder, `${name}.out`);
    return existsSync(file) ? readFileSync(file) : undefined;
  };
  return {
    run: ({ name }) => {
      const stdout = output(name);
      return Promise.resolve({
        stdout: stdout ?? Buffer.alloc(0),
        stderr: "not kept",
        status: stdout === undefined ? 1 : 0,
      });
    },
    close: () => {},
  };
}

const [, , count, seed, kept] = process.argv;
process.exitCode = (await main(Number(count ?? 300), Number(seed ?? 1), kept)) === 0 ? 0 : 1;
