/**
 * head.ts: the machine-readable line in the comment at the head of every generated D program.
 *
 * It says what the program will print, so that whoever holds only the program (an SRE reviewing it, a simulated host
 * running it) can tell without reading D. The line is JSON after `@isotherm`, on one line of the comment; JSON strings
 * cannot end the comment because `/` is written as `\/`.
 */
import { OperationalError } from "../core/errors.ts";

export interface ProgramHead {
  readonly v: 1;
  /** Digest of the spec. */
  readonly spec: string;
  readonly metric: string;
  /** 32 hex digits, made for each enabling: what makes frame markers unforgeable. */
  readonly nonce: string;
  readonly granularitySec: number;
  /** Row keys in order; "zonename" first where the metric has zones. */
  readonly keys: readonly string[];
  /** Types of `keys`: how each prints ("%S" in quotes, or "%d"). */
  readonly keyTypes: readonly ("string" | "number")[];
  /** The numeric field whose distribution is printed; null: one scalar a row. */
  readonly numeric: string | null;
  /** Text of the scheme; null for scalars. */
  readonly scheme: string | null;
  /** JSON form of the predicate. */
  readonly predicate: unknown;
  /** Names of the zones counted; null for all. */
  readonly zones: readonly string[] | null;
  /** It takes over from a program that ticked then: ns since 1970, in digits; absent: it counts from its start. */
  readonly after?: string;
}

const MARK = " * @isotherm ";

export function formatHead(head: ProgramHead): string {
  return MARK + JSON.stringify(head).replaceAll("/", "\\/");
}

/** @throws OperationalError PROGRAM_HEAD where the text has no readable head */
export function readHead(program: string): ProgramHead {
  const line = program.split("\n", 64).find((each) => each.startsWith(MARK));
  try {
    if (line === undefined) throw new Error("no line starts with @isotherm");
    const head = JSON.parse(line.slice(MARK.length)) as ProgramHead;
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- the type is a claim about parsed text
    if (head.v !== 1) throw new Error(`version ${String(head.v)} is not known here`);
    return head;
  } catch (cause) {
    throw new OperationalError("PROGRAM_HEAD", "read the head of a D program", { cause });
  }
}
