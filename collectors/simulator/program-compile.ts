/**
 * program-compile.ts: what libdtrace's compiler would say of a program, as far as a simulated host can tell: it reads only
 * the head, so a program without one is a syntax error, and a metric without a model is a probe that does not exist.
 */
import { OperationalError } from "../../core/errors.ts";
import { readHead, type ProgramHead } from "../../d-scripts/head.ts";
import { Decomposition } from "./decomposition.ts";
import { knownModels } from "./models/known.ts";
import type { Model } from "./models/model.ts";

const EXIT_CLAUSE = /profile:::tick-(\d{1,6})s\s*\{\s*exit\(0\);?\s*\}/;

export type Compiled =
  | {
      readonly head: ProgramHead;
      readonly model: Model;
      readonly decomposition: Decomposition;
      /** After this the program ends itself: a clause that does nothing else; null: it never does. */
      readonly maxAgeSec: number | null;
    }
  | { readonly error: string };

const NO_FAULTS: ReadonlyMap<string, string> = new Map();
const SCRIPT = "/var/run/isotherm/program.d";
const PROBE = /^\s*([a-z_$][\w$]*:[\w$*?-]*:[\w$*?-]*:[\w$*?-]*)/;

/** @param faults by metric: what the compiler says instead */
export function compileProgram(text: string, faults: ReadonlyMap<string, string> = NO_FAULTS): Compiled {
  let head: ProgramHead;
  try {
    head = readHead(text);
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error;
    return failure(1, 'syntax error near "' + (text.trim().split(/\s/)[0] ?? "") + '"');
  }
  const fault = faults.get(head.metric);
  if (fault !== undefined) return failure(2, fault);
  const model = knownModels.get(head.metric);
  if (model === undefined) return unknownProbe(text, head.metric);
  try {
    const maxAgeSec = Number(EXIT_CLAUSE.exec(text)?.[1] ?? 0) || null;
    return { head, model, decomposition: new Decomposition(head, model), maxAgeSec };
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error;
    return failure(1, `failed to resolve a field of ${head.metric}: Unknown variable name`);
  }
}

function unknownProbe(text: string, metric: string): Compiled {
  const lines = text.split("\n");
  const at = lines.findIndex((line) => PROBE.test(line) && !/^\s*(?:profile|dtrace):/.test(line));
  const probe = PROBE.exec(lines[at] ?? "")?.[1] ?? metric.replace(".", ":::");
  return failure(Math.max(0, at) + 1, `probe description ${probe} does not match any probes`);
}

function failure(line: number, problem: string): Compiled {
  return { error: `dtrace: failed to compile script ${SCRIPT}: line ${line}: ${problem}\n` };
}
