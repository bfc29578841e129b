/**
 * orders.ts: what the tests ask of the compiler, and what they expect of its answer.
 */
import { errorCode, InputError } from "../../core/errors.ts";
import { parseSpec } from "../../core/instrumentation.ts";
import { findMetric } from "../../d-scripts/catalogue.ts";
import { compileProgram } from "../../d-scripts/compile.ts";
import type { DtraceRecipe, Entry, Platform } from "../../d-scripts/recipe.ts";
import { templateOf } from "../../d-scripts/sources.ts";
import { problemsOf, type Expected } from "./checker.ts";

export const NONCE = "0123456789abcdef0123456789abcdef";
export const ZONES = ["7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11", "web-3"];

/** Anything at all where a request has something: what a client may send. */
export interface Request {
  readonly metric: string;
  readonly predicate?: unknown;
  readonly decomposition?: unknown;
  readonly scheme?: unknown;
  readonly granularitySec?: unknown;
  readonly nonce?: unknown;
  readonly specId?: unknown;
  readonly zones?: unknown;
  readonly requestedBy?: unknown;
  readonly platform?: Platform;
  readonly after?: bigint;
}

/** A compiler under test: ours, or a mutant of it. */
export interface Compiler {
  readonly parseSpec: typeof parseSpec;
  readonly compileProgram: typeof compileProgram;
  readonly findMetric: typeof findMetric;
}

export const COMPILER: Compiler = { parseSpec, compileProgram, findMetric };

export type Outcome =
  | { readonly kind: "rejected"; readonly fields: readonly string[] }
  | { readonly kind: "compiled"; readonly text: string; readonly problems: readonly string[] };

/** Sends a request down the whole path: parseSpec, compile, check. Anything but an InputError is thrown on. */
export function outcomeOf(request: Request, compiler: Compiler = COMPILER): Outcome {
  try {
    const text = compile(request, compiler);
    return { kind: "compiled", text, problems: problemsOf(text, expectedOf(request)) };
  } catch (error) {
    // A mutant has classes of its own, so the code decides.
    if (errorCode(error) !== "INVALID_INPUT") throw error;
    return { kind: "rejected", fields: (error as InputError).errors.map(({ field }) => field) };
  }
}

export function compile(request: Request, compiler: Compiler = COMPILER): string {
  const entry = compiler.findMetric(request.metric);
  if (entry === undefined)
    throw new InputError("find a metric", [{ field: "metric", code: "UNKNOWN", message: "expected a metric" }]);
  const input = {
    metric: request.metric,
    predicate: request.predicate,
    decomposition: request.decomposition as string[] | undefined,
    scheme: request.scheme as string | undefined,
    granularitySec: request.granularitySec as number | undefined,
  };
  return compiler.compileProgram({
    entry,
    spec: compiler.parseSpec(input, entry.metric),
    specId: (request.specId ?? "5pec") as string,
    nonce: (request.nonce ?? NONCE) as string,
    zones: (request.zones === undefined ? defaultZones(entry, request.platform) : request.zones) as string[] | null,
    requestedBy: (request.requestedBy ?? "ada") as string,
    platform: request.platform ?? "smartos",
    ...(request.after !== undefined && { after: request.after }),
  }).text;
}

export function dtraceEntry(name: string): { entry: Entry; recipe: DtraceRecipe } {
  const entry = findMetric(name);
  if (entry?.recipe.kind !== "dtrace") throw new Error(`${name} is not a DTrace metric`);
  return { entry, recipe: entry.recipe };
}

function defaultZones(entry: Entry, platform: Platform | undefined): string[] | null {
  if (!entry.metric.fields.some(({ name }) => name === "zonename")) return null;
  return platform === "linux" ? ["global"] : ZONES;
}

function expectedOf(request: Request): Expected {
  const { entry, recipe } = dtraceEntry(request.metric);
  const zone = recipe.fields["zonename"];
  return {
    nonce: NONCE,
    tickSec: (request.granularitySec as number | undefined) ?? 1,
    zone: (request.platform === "linux" ? zone?.linux : zone?.d) ?? zone?.d ?? "",
    zones: (request.zones === undefined ? defaultZones(entry, request.platform) : request.zones) as string[] | null,
    sets: request.platform === "linux" ? 2 : 1,
    after: request.after,
    probes: new Set(templateOf(request.metric).sections.flatMap(({ probes }) => probes)),
  };
}
