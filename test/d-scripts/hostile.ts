/**
 * hostile.ts: requests made to break out of a D program: each hostile value in each place that takes one.
 */
import type { Request } from "./orders.ts";

/** Strings that have ended literals, comments, lines or minds elsewhere. The first is what escaped its tenant in 2011. */
export const STRINGS: readonly string[] = [
  'x") || (execname != "y',
  'x" || 1 || "',
  'x\\" || 1 || \\"',
  "x\\",
  "\\",
  '"',
  "'",
  "x*/ BEGIN { exit(0); } /*",
  "*/",
  "/*",
  "x/ { exit(1); } syscall:::entry /1",
  "x\n#pragma D option destructive\n",
  "#pragma D option destructive",
  "#!/usr/sbin/dtrace -ws",
  '"; system("reboot"); "',
  "`utsname.nodename",
  "$1",
  "$$target",
  "${IFS}",
  "\0",
  "a\0b",
  "\r\n",
  "a\tb",
  " ",
  "",
  "a b",
  "\u2028",
  "\u202eabc",
  "größe",
  "日本",
  "💥",
  "\ud800",
  "\u0085",
  "\u009b31m",
  "x".repeat(65),
  "x".repeat(100_000),
  "__proto__ ",
  "a;b",
  "a{b",
  "a}b",
  "a(b",
  "a)b",
  "a[b",
  "a|b",
  "a&b",
  "a=b",
  "a<b",
  "a?b",
  "a,b",
  "a~b",
  "a^b",
  "a!b",
];

/** Strings of the whitelist that look like something else; they must come out as plain strings. */
export const ODD_STRINGS: readonly string[] = [
  "__proto__",
  "constructor",
  "toString",
  "system",
  "0x10",
  "1e400",
  "@rows",
  "@done",
  "%S",
  "%n%s%d",
  "%@d",
  "//",
  "/",
  "-",
  "--",
  "a:b",
  "x".repeat(63),
];

const NUMBERS: readonly unknown[] = [
  Infinity, // what JSON.parse makes of 1e400
  -Infinity,
  NaN,
  1.5,
  2 ** 53,
  -(2 ** 53),
  1e21,
  "1",
  "1; exit(0)",
  null,
  true,
  [],
  {},
  [1],
  { valueOf: 1 },
];
const ODD_NUMBERS: readonly number[] = [0, -0, -1, 1, 2 ** 53 - 1, -(2 ** 53 - 1), 1e15];
const NAMES: readonly unknown[] = [
  "__proto__",
  "constructor",
  "toString",
  "hostname",
  "zonename;",
  'x"]',
  "",
  " pid",
  "PID",
  null,
  1,
  ["pid"],
  {},
];

const METRIC = "syscall.ops";

export function hostileRequests(): Request[] {
  const inString = [...STRINGS, null, 1, true, [], {}, ["a"]].flatMap((value) => [
    where({ eq: ["execname", value] }),
    where({
      and: [
        { ne: ["execname", "a"] },
        { or: [{ in: ["syscall", ["read", value]] }, { not: { prefix: ["psargs", value] } }] },
      ],
    }),
  ]);
  const inNumber = NUMBERS.flatMap((value) => [where({ gt: ["latency", value] }), where({ in: ["pid", [1, value]] })]);
  return [
    ...inString,
    ...inNumber,
    ...NAMES.flatMap((name) => [where({ eq: [name, "a"] }), { metric: METRIC, decomposition: [name] }]),
    ...STRINGS.flatMap((text) => [
      { metric: METRIC, zones: [text] },
      { metric: METRIC, zones: ["web-1", text] },
      { metric: METRIC, scheme: text, decomposition: ["latency"] },
      { metric: METRIC, nonce: text },
      { metric: METRIC, specId: text },
      { metric: text },
    ]),
    ...trees().map((tree) => where(tree)),
    ...schemes().map((scheme) => ({ metric: METRIC, decomposition: ["latency"], scheme })),
    ...[0, -1, 0.5, 7, 3600, Infinity, NaN, "1", "1s { exit(0); }", {}].map((granularitySec) => ({
      metric: METRIC,
      granularitySec,
    })),
    { metric: METRIC, zones: [] },
    { metric: METRIC, zones: Array.from({ length: 600 }, (_, i) => `z${i}`) },
    { metric: METRIC, zones: [1] },
    { metric: "disk.io_ops", zones: ["web-1"] },
    { metric: "cpu.usage" },
    { metric: METRIC, decomposition: ["pid", "pid"] },
    { metric: METRIC, decomposition: ["latency", "cputime"] },
    { metric: METRIC, decomposition: ["latency"], scheme: "edges(1,2)" },
    { metric: METRIC, decomposition: ["pid"], scheme: "quantize" },
    { metric: METRIC, decomposition: ["cputime"], platform: "linux" },
    where({ gt: ["cputime", 1] }, "linux"),
    { metric: "fs.rw_ops", platform: "linux" },
  ];
}

/** Odd, and to be taken. */
export function oddRequests(): Request[] {
  return [
    ...STRINGS.map((requestedBy) => ({ metric: METRIC, requestedBy })),
    ...ODD_STRINGS.flatMap((value) => [
      where({ eq: ["execname", value] }),
      where({ not: { prefix: ["psargs", value] } }),
    ]),
    ...ODD_NUMBERS.flatMap((value) => [where({ ne: ["pid", value] }), where({ le: ["latency", value] })]),
    where({}),
    where({ and: [{ and: [{ and: [{ eq: ["pid", 1] }] }] }] }),
    where({ or: Array.from({ length: 30 }, (_, pid) => ({ eq: ["pid", pid] })) }),
    where({ not: { not: { not: { eq: ["zonename", "global"] } } } }),
    { metric: METRIC, decomposition: ["latency"], scheme: "lquantize(-100,1073000000,65500)" },
    { metric: METRIC, decomposition: ["latency"], scheme: "llquantize(2,0,60,2)" },
    { metric: METRIC, granularitySec: 60, zones: null },
    where({ eq: ["execname", "a"] }, "linux"),
  ];
}

function where(predicate: unknown, platform: "smartos" | "linux" = "smartos"): Request {
  return { metric: METRIC, predicate, platform };
}

function trees(): unknown[] {
  let deep: unknown = { eq: ["pid", 1] };
  for (let i = 0; i < 1_000; i++) deep = { not: deep };
  return [
    deep,
    { and: Array.from({ length: 100_000 }, () => ({ eq: ["pid", 1] })) },
    { and: [] },
    { and: [{}] },
    { eq: ["pid", 1], ne: ["pid", 2] },
    { EQ: ["pid", 1] },
    { "||": ["pid", 1] },
    { and: { eq: ["pid", 1] } },
    { not: [{ eq: ["pid", 1] }] },
    { eq: ["pid"] },
    { eq: ["pid", 1, 2] },
    { eq: "pid" },
    { in: ["pid", []] },
    { in: ["pid", Array.from({ length: 17 }, (_, i) => i)] },
    { lt: ["execname", "a"] },
    { gt: ["pid", 1] },
    { prefix: ["pid", "1"] },
    { true: [] },
    JSON.parse('{"__proto__": ["pid", 1]}'),
    JSON.parse('{"constructor": ["pid", 1]}'),
    [],
    'execname == "a"',
    1,
  ];
}

function schemes(): unknown[] {
  return [
    "llquantize(10,3,10,20); exit(0); //)",
    "lquantize(0,10,0)",
    "lquantize(0,1e400,1)",
    "lquantize(0,99999999999,1)",
    "llquantize(1,0,1,1)",
    "llquantize(10,3,10,3)",
    "llquantize(10,0,400,10)",
    "quantize()",
    "count()",
    "system()",
    "quantize(",
    "lquantize(0,10)",
  ];
}
