/**
 * mass-table.ts: the probability of each fine bucket for a profile under conditions, kept because it costs far more to
 * compute (hundreds of error functions) than to use.
 */
import { FINE_COUNT, FINE_EDGES } from "./fine-buckets.ts";
import { normalTail } from "./lognormal.ts";
import { conditionsKey, partsUnder, type Conditions, type Part, type Profile } from "./profile.ts";

export interface MassTable {
  /** Fine buckets first .. first + mass.length - 1. */
  readonly first: number;
  readonly mass: Float64Array;
}

/** A part is cut off here: beyond it lies one operation in a hundred thousand. */
const MAX_DEVIATIONS = 4.4;
/** About 3 kB each. */
const MAX_TABLES = 4096;

const LOGS: Float64Array = FINE_EDGES.map(Math.log);
const tables = new Map<string, MassTable>();

export function massTable(profile: Profile, conditions: Conditions): MassTable {
  const key = `${profile.name}/${conditionsKey(profile, conditions)}`;
  let table = tables.get(key);
  if (table === undefined) {
    // The oldest goes: loads wander, and what was left behind long ago is the least likely to be needed.
    if (tables.size >= MAX_TABLES) for (const oldest of tables.keys()) if (tables.delete(oldest)) break;
    table = compute(partsUnder(profile, conditions));
    tables.set(key, table);
  }
  return table;
}

function compute(parts: readonly Part[]): MassTable {
  const mass = new Float64Array(FINE_COUNT);
  for (const part of parts) addPart(mass, part);
  const first = mass.findIndex((each) => each > 0);
  const last = mass.findLastIndex((each) => each > 0);
  return { first, mass: mass.slice(first, last + 1) };
}

function addPart(mass: Float64Array, part: Part): void {
  const mean = Math.log(part.medianNs);
  const from = Math.max(0, LOGS.findIndex((log) => log > mean - MAX_DEVIATIONS * part.sigma) - 1);
  let low = ((LOGS[from] ?? 0) - mean) / part.sigma;
  let lowTail = normalTail(low);
  for (let i = from; i < FINE_COUNT && low < MAX_DEVIATIONS; i++) {
    const high = ((LOGS[i + 1] ?? 0) - mean) / part.sigma;
    const highTail = normalTail(high);
    // Differences of tails on the same side keep the tails' relative precision.
    const within = high <= 0 ? highTail - lowTail : low >= 0 ? lowTail - highTail : 1 - lowTail - highTail;
    mass[i] = (mass[i] ?? 0) + part.share * Math.max(0, within);
    low = high;
    lowTail = highTail;
  }
}
