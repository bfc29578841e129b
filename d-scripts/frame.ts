/**
 * frame.ts: the clauses that print: one frame a tick, as docs/wire-formats.md says.
 *
 * They are the same in every program but for the row's format. Markers carry the nonce, because a tenant can name a process
 * `@done`; keys print through `%S`, which escapes newlines and quotes; each aggregation has a printa of its own, because a
 * joined one takes its types from the first and loses keys that only one has.
 */
import { hasEnded, type AggregationSet } from "./aggregation-sets.ts";
import type { Clause } from "./ast.ts";
import { findBoundary, ticksAfterBoundary } from "./takeover.ts";

export interface Frame {
  readonly nonce: string;
  readonly tickSec: number;
  /** In order; how each prints. */
  readonly keyTypes: readonly ("string" | "number")[];
  readonly distribution: boolean;
  readonly sets: readonly AggregationSet[];
  /** See takeover.ts. */
  readonly after: bigint | undefined;
}

/** An enabling ends by itself after this time; who still wants it starts it again. */
const MAX_AGE_SEC = 3600;

export function beginClause({ sets, after, tickSec }: Pick<Frame, "sets" | "after" | "tickSec">): Clause {
  const events = "@events exists from the start, with 0 in it, so that a frame without events has its last line too.";
  const boundary = "Counting begins at a tick of the program that this one takes over from, a second or more from now.";
  return {
    comment: after === undefined ? [events] : [events, boundary],
    probes: ["dtrace:::BEGIN"],
    tests: [],
    statements: [
      "tick = 0",
      ...sets.map(({ events: name }) => `${name} = sum(0)`),
      ...(after === undefined ? [] : findBoundary(after, tickSec)),
    ],
  };
}

export function frameClauses(frame: Frame): Clause[] {
  return [
    ...tickClauses(frame),
    {
      comment: ["Nobody's program runs for ever: a collector that still wants it starts it again."],
      probes: [`profile:::tick-${MAX_AGE_SEC}s`],
      tests: [],
      statements: ["exit(0)"],
    },
    {
      comment: ["dtrace prints every aggregation that is left when it ends; leave none."],
      probes: ["dtrace:::END"],
      tests: [],
      statements: frame.sets.flatMap(({ rows, events }) => [`trunc(${rows})`, `trunc(${events})`]),
    },
  ];
}

/** One clause; with two sets, one that opens the frame and one for each set. */
function tickClauses(frame: Frame): Clause[] {
  const probes = [`profile:::tick-${frame.tickSec}s`];
  const comment = ["Each tick prints one frame, then starts the next window from nothing."];
  const open = ["tick++", `printf("@begin ${frame.nonce} %d %d\\n", tick, walltimestamp)`];
  const [only, ...more] = frame.sets;
  if (only !== undefined && more.length === 0) {
    const tests = frame.after === undefined ? [] : [ticksAfterBoundary()];
    return [{ comment, probes, tests, statements: [...open, ...printing(frame, only)] }];
  }
  const printed =
    "The windows that it ends alternate between two sets of aggregations: nothing counts into this one now.";
  return [
    { comment, probes, tests: [], statements: open },
    ...frame.sets.map((set) => ({
      comment: [printed],
      probes,
      tests: hasEnded(set),
      statements: printing(frame, set),
    })),
  ];
}

function printing(frame: Frame, { rows, events }: AggregationSet): string[] {
  const keys = frame.keyTypes.map((type) => (type === "string" ? ' \\"%S\\"' : " %d")).join("");
  // A distribution starts with a newline of its own and ends in one; a scalar has neither.
  const row = frame.distribution ? `@row${keys}%@d@end\\n` : `@row${keys} %@d\\n`;
  return [
    `printa("${row}", ${rows})`,
    `printf("@done ${frame.nonce} %d ", tick)`,
    `printa("%@d\\n", ${events})`,
    `trunc(${rows})`,
    `clear(${events})`,
  ];
}
