/**
 * order.ts: an order to compile, checked as if nobody had checked it before.
 *
 * parseSpec has read the request already. This is the seat belt: whatever calls the compiler, and however a spec was made,
 * nothing reaches D text that is not in the catalogue or in a whitelist.
 */
import { InputError } from "../core/errors.ts";
import { schemeProblem } from "../core/histogram/scheme.ts";
import { GRANULARITIES_SEC, type Spec } from "../core/instrumentation.ts";
import { fieldOf, metricName } from "../core/metric.ts";
import { parsePredicate, predicateJson, type Predicate } from "../core/predicate.ts";
import { MAX_KEYS } from "../core/window.ts";
import type { DtraceRecipe, Entry, Platform } from "./recipe.ts";

export interface CompileOptions {
  readonly entry: Entry;
  readonly spec: Spec;
  /** Digest of the spec. */
  readonly specId: string;
  /** 32 hex digits, made for each enabling. */
  readonly nonce: string;
  /** Names of the zones to count; null: all. */
  readonly zones: readonly string[] | null;
  /** Who asked: a name for the comment, of which only harmless characters are kept. */
  readonly requestedBy: string;
  readonly platform: Platform;
  /** Default: the spec's granularity. */
  readonly tickSec?: number;
  /**
   * The program takes over from one that runs, which ticked then: ns since 1970, by the host's clock. Absent: it counts from
   * its start. Not on linux, where ticks may come seconds late.
   */
  readonly after?: bigint;
}

export interface Order extends CompileOptions {
  readonly recipe: DtraceRecipe;
  readonly predicate: Predicate;
  readonly tickSec: number;
}

/** More comparisons than this in every clause would cost more than they save: ask in parts, or for all zones. */
export const MAX_ZONES = 512;

const MAX_NS = 2n ** 63n;
const NONCE = /^[0-9a-f]{32}$/;
const SPEC_ID = /^[A-Za-z0-9_-]{1,64}$/;
/** As zonecfg allows: letters, digits and `-_.`, up to ZONENAME_MAX - 1 characters. */
const ZONE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** @throws InputError naming the first thing that is wrong */
export function checkOrder(options: CompileOptions): Order {
  const { entry, spec, platform } = options;
  const recipe = checkRecipe(entry, platform);
  check(spec.metric === metricName(entry.metric), "metric", `expected ${metricName(entry.metric)}`);
  check(NONCE.test(options.nonce), "nonce", "expected 32 hex digits");
  check(SPEC_ID.test(options.specId), "specId", "expected 1 to 64 of A-Z a-z 0-9 _ -");
  checkDecomposition(options);
  checkZones(options);
  const tickSec = options.tickSec ?? spec.granularitySec;
  check(
    GRANULARITIES_SEC.includes(tickSec),
    "granularitySec",
    `expected one of ${GRANULARITIES_SEC.join(", ")} seconds`,
  );
  const { after } = options;
  check(after === undefined || (after > 0n && after < MAX_NS), "after", "expected ns since 1970");
  check(after === undefined || platform !== "linux", "after", "expected nothing on linux");
  const predicate = parsePredicate(predicateJson(spec.predicate), entry.metric);
  return { ...options, recipe, predicate, tickSec };
}

export function problem(field: string, message: string): InputError {
  return new InputError("compile a D program", [{ field, code: "CANNOT_COMPILE", message }]);
}

function check(holds: boolean, field: string, message: string): asserts holds {
  if (!holds) throw problem(field, message);
}

function checkRecipe(entry: Entry, platform: Platform): DtraceRecipe {
  const { recipe } = entry;
  const name = metricName(entry.metric);
  if (recipe.kind !== "dtrace") {
    throw problem("metric", `expected a DTrace metric; ${name} is counted by kstat -p ${recipe.patterns.join(" ")}`);
  }
  const platforms = recipe.platforms.join(", ");
  check(recipe.platforms.includes(platform), "platform", `expected one of ${platforms} for ${name}`);
  return recipe;
}

function checkDecomposition({ entry: { metric }, spec }: CompileOptions): void {
  check(spec.keys.length <= MAX_KEYS, "decomposition", `expected at most ${MAX_KEYS} fields`);
  check(new Set(spec.keys).size === spec.keys.length, "decomposition", "expected each field once");
  for (const key of spec.keys) {
    const discrete = key !== "zonename" && fieldOf(metric, key)?.arity === "discrete";
    check(discrete, "decomposition", "expected discrete fields of the metric, and zonename by itself");
  }
  check(spec.zoned === (fieldOf(metric, "zonename") !== undefined), "zoned", "expected what the metric says");
  check(
    (spec.numeric === null) === (spec.scheme === null),
    "scheme",
    "expected a scheme with a numeric field, and only then",
  );
  if (spec.numeric === null || spec.scheme === null) return;
  check(fieldOf(metric, spec.numeric)?.arity === "numeric", "decomposition", "expected a numeric field of the metric");
  const { kind, ...numbers } = spec.scheme;
  check(["quantize", "lquantize", "llquantize"].includes(kind), "scheme", "expected quantize, lquantize or llquantize");
  check(Object.values(numbers).every(Number.isSafeInteger), "scheme", "expected whole numbers");
  const wrong = schemeProblem(spec.scheme);
  check(wrong === undefined, "scheme", `expected ${wrong ?? ""}`);
}

function checkZones({ spec, zones }: CompileOptions): void {
  if (zones === null) return;
  check(spec.zoned, "zones", `expected all zones: ${spec.metric} has no zones, and so belongs to operators`);
  check(zones.length >= 1 && zones.length <= MAX_ZONES, "zones", `expected 1 to ${MAX_ZONES} names of zones`);
  check(
    zones.every((zone) => typeof zone === "string" && ZONE.test(zone)),
    "zones",
    "expected names of zones: 1 to 63 of A-Z a-z 0-9 . _ -",
  );
}
