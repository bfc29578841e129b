/**
 * checker.ts: what must hold of every D program that we print, whoever asked for it.
 *
 * It knows the wire format and the language, not the compiler. A program that passes holds no token but known ones, prints one
 * frame a tick and nothing else, and tests the zone before anything else in every clause that an event can fire.
 */
import { clausesOf, type Clause, type Token } from "./d-text.ts";

export interface Expected {
  readonly nonce: string;
  readonly tickSec: number;
  /** How the zone of an event reads in D, for example `zonename`. */
  readonly zone: string;
  readonly zones: readonly string[] | null;
  /** Linux counts into two sets of aggregations in turn. */
  readonly sets: 1 | 2;
  /** Probes that the metric may enable. */
  readonly probes: ReadonlySet<string>;
  /** The program takes over from one that ticked then. */
  readonly after?: bigint | undefined;
}

/** Every word that the catalogue uses. A new metric adds its own here, under the eyes of a reviewer. */
const WORDS = new Set(
  `B_READ CLD_DUMPED CLD_EXITED NULL SOBJ_CV SOBJ_MUTEX SOBJ_RWLOCK SOBJ_SEMA SOBJ_SHUTTLE SOBJ_USER SOBJ_USER_PI SRUN SSTOP
  SWAIT SZOMB _f _uio_offset arg0 arg1 arg2 arg3 arg4 arg5 arg6 args b_bcount b_blkno b_flags begins capped clear comm conn_cpid
  conn_cred copyinstr count cr_zone curlwpsinfo curpsinfo curthread database depth dev_statname errno execname exit
  group_leader http_method http_start http_url int64_t kthread_t llquantize lquantize odd offset oncpu p_mstart p_parent p_user
  p_zone pid ppid pr_pid pr_psargs pr_state pr_stype printa printf probefunc probename quantize query queued real_parent
  reason self size stackdepth start start_time started state stringof stype substr sum t_pri t_procp tcp_connp tcp_t
  tcps_addr tcps_lport tcps_raddr tcps_rport this tick timestamp trunc u_comm uio_resid uio_t v_op v_type vnode_t vnop
  vnop_name vstart vtimestamp walltimestamp zone_name zonename`.split(/\s+/),
);

/** What may be called where an event is gathered or counted. */
const CALLS = new Set(["substr", "stringof", "copyinstr", "count", "sum", "quantize", "lquantize", "llquantize"]);

const STRING = /^"[A-Za-z0-9._+:@%/-]{1,63}"$/;
const MAX_INTEGER = 2n ** 53n;

/** @returns what is wrong, in words; empty where nothing is */
export function problemsOf(text: string, expected: Expected): string[] {
  if (/^[ \t]*#/m.test(text)) return ["a control line"];
  let clauses: Clause[];
  try {
    clauses = clausesOf(text);
  } catch (error) {
    return [`not D: ${error instanceof Error ? error.message : String(error)}`];
  }
  const events = clauses.slice(1, expected.sets === 1 ? -3 : -5);
  return [
    ...frameProblems(clauses, expected),
    ...(events.length === 0 ? ["no clause counts anything"] : []),
    ...events.flatMap((clause) => eventProblems(clause, expected)),
  ];
}

function frameProblems(clauses: readonly Clause[], { nonce, tickSec, sets, after }: Expected): string[] {
  const row = String.raw`"@row(?: \\"%S\\"| %d)*(?:%@d@end| %@d)\\n"`;
  const names = [
    ["@rows", "@events"],
    ["@rows_odd", "@events_odd"],
  ].slice(0, sets);
  const open = `tick ++ ; printf ( "@begin ${nonce} %d %d\\n" , tick , walltimestamp ) ;`;
  const printing = names.map(
    ([rows, events]) =>
      `printa ( ROW , ${rows} ) ; printf ( "@done ${nonce} %d " , tick ) ; printa ( "%@d\\n" , ${events} ) ; ` +
      `trunc ( ${rows} ) ; clear ( ${events} ) ;`,
  );
  const ended = (odd: number): string => `( tick & 1 ) == ${odd}`;
  const ticks =
    sets === 1
      ? [[after === undefined ? "" : "timestamp >= begins + 5000000", `${open} ${printing.join()}`]]
      : [["", open], ...printing.map((body, i) => [ended(1 - i), body])];
  const second = 1_000_000_000;
  const boundary =
    after === undefined
      ? ""
      : ` begins = timestamp + ${second} + ${tickSec * second} - ( walltimestamp + ${second} - ${after} ) % ${tickSec * second} ;`;
  const begin = `tick = 0 ; ${names.map(([, events]) => `${events} = sum ( 0 ) ;`).join(" ")}${boundary}`;
  const end = names.map(([rows, events]) => `trunc ( ${rows} ) ; trunc ( ${events} ) ;`).join(" ");
  const last = clauses.slice(-2 - ticks.length);
  return [
    ...shape(clauses[0], "dtrace:::BEGIN", begin),
    ...ticks.flatMap(([predicate, body], i) =>
      shape(last[i], `profile:::tick-${tickSec}s`, body, predicate, new RegExp(row)),
    ),
    ...shape(clauses.at(-2), "profile:::tick-3600s", "exit ( 0 ) ;"),
    ...shape(clauses.at(-1), "dtrace:::END", end),
  ];
}

function shape(clause: Clause | undefined, probe: string, body = "", predicate = "", row?: RegExp): string[] {
  if (clause === undefined) return [`no clause for ${probe}`];
  const text = joined(clause.body);
  const normal = row === undefined ? text : text.replace(row, "ROW");
  return clause.probes.join() === probe && joined(clause.predicate) === predicate && normal === body
    ? []
    : [`${probe} is not as the frame wants it: ${clause.probes.join()} ${normal}`];
}

function eventProblems(clause: Clause, expected: Expected): string[] {
  const place = clause.probes.join(", ");
  const tokens = [...clause.predicate, ...clause.body];
  return [
    ...clause.probes.filter((probe) => !expected.probes.has(probe)).map((probe) => `unknown probe ${probe}`),
    ...tokens.flatMap((token, i) => tokenProblems(token, tokens[i + 1])),
    ...zoneProblems(clause.predicate, expected),
    ...statementProblems(clause.body),
    ...setProblems(clause, expected),
    ...boundaryProblems(clause, expected),
  ].map((problem) => `${place}: ${problem}`);
}

function tokenProblems({ kind, text }: Token, next: Token | undefined): string[] {
  if (kind === "word" && !WORDS.has(text)) return [`unknown word ${text}`];
  if (kind === "word" && next?.text === "(" && !CALLS.has(text)) return [`a call of ${text}`];
  if (kind === "string" && !STRING.test(text)) return [`a string outside the whitelist: ${text}`];
  if (kind === "aggregation" && !/^@(?:rows|events)(?:_odd)?$/.test(text)) return [`unknown aggregation ${text}`];
  if (kind === "integer" && BigInt(text) >= MAX_INTEGER) return [`an integer that a double cannot hold: ${text}`];
  return [];
}

/** The predicate is `(ZONE == "a" || ZONE == "b")`, alone or followed by `&&` and terms that bind no looser. */
function zoneProblems(predicate: readonly Token[], { zone, zones }: Expected): string[] {
  const loose = outside(predicate).filter((text) => ["||", "^^", "?", ":", ",", "="].includes(text));
  const problems =
    loose.length === 0 ? [] : [`the predicate is not a conjunction: ${loose.join(" ")} outside parentheses`];
  if (zones === null) return problems;
  const test = `( ${zones.map((name) => `${joined(clausesOf(`a:::b{${zone}}`)[0]?.body ?? [])} == "${name}"`).join(" || ")} )`;
  const text = joined(predicate);
  if (text !== test && !text.startsWith(`${test} && `)) problems.push("the zone is not tested first");
  return problems;
}

/** Statements assign to our own variables, and to nothing else; what prints or ends is the frame's. */
function statementProblems(body: readonly Token[]): string[] {
  const statements = joined(body).split(" ; ");
  const target =
    /^(?:@rows(?:_odd)?(?: \[ .* \])?|@events(?:_odd)?|(?:self|this) -> [a-z_]+|[a-z_]+ \[ [a-z0-9 ,]+ \]) = [^=]/;
  return [
    ...(body.at(-1)?.text === ";" ? [] : ["a statement without its semicolon"]),
    ...statements.filter((statement) => !target.test(statement)).map((statement) => `not an assignment: ${statement}`),
    ...(depthOf(body) === 0 ? [] : ["brackets that do not match"]),
  ];
}

/** Where there are two sets, a clause counts into one of them, and tests which before anything but the zone. */
function setProblems({ predicate, body }: Clause, { zones, sets }: Expected): string[] {
  const counts = body.filter(({ kind }) => kind === "aggregation").map(({ text }) => text.endsWith("_odd"));
  if (counts.length === 0) return [];
  if (new Set(counts).size > 1) return ["it counts into two sets"];
  if (sets === 1) return counts[0] === true ? ["there is one set"] : [];
  const test = `this -> odd == ${counts[0] === true ? 1 : 0}`;
  const terms = joined(predicate).split(" && ");
  return terms[zones === null ? 0 : 1] === test ? [] : [`the set is not tested: ${test}`];
}

/** A program that takes over counts nothing before the boundary. */
function boundaryProblems({ predicate, body }: Clause, { after }: Expected): string[] {
  const counts = body.some(({ kind }) => kind === "aggregation");
  const tests = joined(predicate).split(" && ").includes("timestamp >= begins");
  if (after === undefined)
    return joined([...predicate, ...body]).includes("begins") ? ["it takes over from nobody"] : [];
  return counts === tests ? [] : ["the boundary is not tested where it counts, and only there"];
}

function outside(tokens: readonly Token[]): string[] {
  let depth = 0;
  return tokens
    .filter(({ kind, text }) => {
      if (kind !== "operator") return false;
      if (text === "(" || text === "[") depth += 1;
      else if (text === ")" || text === "]") depth -= 1;
      // A bracket that closes what nothing opened lets everything after it out.
      return depth < 0 || (depth === 0 && text !== ")" && text !== "]");
    })
    .map(({ text }) => text);
}

function depthOf(tokens: readonly Token[]): number {
  const count = (texts: string[]): number =>
    tokens.filter(({ kind, text }) => kind === "operator" && texts.includes(text)).length;
  return count(["(", "["]) - count([")", "]"]);
}

function joined(tokens: readonly Token[]): string {
  return tokens.map(({ text }) => text).join(" ");
}
