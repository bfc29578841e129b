/**
 * Each text that dtrace is known to print on standard error, and what it means.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { classify, classifyBytes, MessageReader, type DtraceMessage } from "../../collectors/dtrace-messages.ts";
import { capture, captures } from "./captures.ts";

const TEXTS: readonly (readonly [text: string, kind: string, count: number, cpu?: number])[] = [
  ["14 drops on CPU 1", "principal_drops", 14, 1],
  ["1 drop on CPU 1", "principal_drops", 1, 1],
  ["5027700 aggregation drops on CPU 1", "aggregation_drops", 5_027_700, 1],
  ["1 aggregation drop on CPU 31", "aggregation_drops", 1, 31],
  ["42 dynamic variable drops", "dynamic_drops", 42],
  ["42 dynamic variable drops with non-empty rinsing list", "dynamic_drops", 42],
  ["1 dynamic variable drop with non-empty dirty list", "dynamic_drops", 1],
  ["24 failed speculations (no speculative buffer available)", "speculation_failed", 24],
  ["24 failed speculations (available buffer(s) still busy)", "speculation_failed", 24],
  ["3 speculative drops", "speculative_drops", 3],
  ["2 jstack()/ustack() string table overflows", "stack_drops", 2],
  ["2 errors in ERROR probe enabling", "error_on_probe", 2],
  ["[DTRACEDROP_PRINCIPAL] 19 drops on CPU 1", "principal_drops", 19, 1],
  ["[DTRACEDROP_AGGREGATION] 1583207 aggregation drops on CPU 0", "aggregation_drops", 1_583_207, 0],
  ["[DTRACEDROP_DYNAMIC] 42 dynamic variable drops", "dynamic_drops", 42],
  [
    "error on enabled probe ID 3 (ID 77: syscall::read:return): invalid address (0x8) in action #2 at DIF offset 12",
    "error_on_probe",
    1,
  ],
  ["error in dt_clause_0 for probe ID 1 (dtrace:::BEGIN): invalid address (0x8) at BPF pc 199", "error_on_probe", 1],
  ['failed to compile script X: line 4: syntax error near ";"', "compile_error", 1],
  [
    "failed to compile script X: line 2: probe description nosuchprov:::foo does not match any probes",
    "unknown_probe",
    1,
  ],
  ["invalid probe specifier BEGIN { @a = ; }: syntax error", "compile_error", 1],
  ["failed to initialize dtrace: DTrace requires additional privileges", "no_privileges", 1],
  ["processing aborted: Abort due to systemic unresponsiveness", "aborted_unresponsive", 1],
  ["processing aborted: Abort due to drop", "processing_aborted", 1],
  ["buffer size lowered to 2m", "buffer_lowered", 1],
  ["could not enable tracing: Permission denied", "no_privileges", 1],
  ["could not enable tracing: Enabling exceeds size of buffer", "buffer_too_small", 1],
  ["could not enable tracing: Failed to enable probe", "enabling_failed", 1],
  ["failed to set -x aggpack: Invalid option name", "option_refused", 1],
  ["script 'x.d' matched 3 probes", "matched", 1],
  ["something new", "unknown", 1],
  ["12 monkeys", "unknown", 1],
  ["99", "unknown", 1],
  ["[DTRACEDROP_", "unknown", 1],
];

for (const [text, kind, count, cpu] of TEXTS) {
  test(`"${text}" is ${kind}`, () => {
    const expected = cpu === undefined ? { kind, count, text } : { kind, count, cpu, text };
    assert.deepEqual(classify(`dtrace: ${text}`), expected);
    assert.deepEqual(classify(text), expected);
    assert.deepEqual(classifyBytes(Buffer.from(`dtrace: ${text}`)), expected);
  });
}

function read(chunks: readonly (Uint8Array | string)[]): DtraceMessage[] {
  const messages: DtraceMessage[] = [];
  const reader = new MessageReader((message) => messages.push(message));
  for (const chunk of chunks) reader.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
  reader.end();
  return messages;
}

test("no message that DTrace was seen to print is unknown", () => {
  const names = captures(".err");
  assert.ok(names.length > 20);
  for (const name of names) {
    for (const { kind, text } of read([capture(name)])) assert.notEqual(kind, "unknown", text);
  }
});

test("the drops of a capture add up", () => {
  const sum = (name: string): number => read([capture(name)]).reduce((total, { count }) => total + count, 0);
  const numbers = (name: string): number =>
    [
      ...capture(name)
        .toString()
        .matchAll(/(\d+) drops?/g),
    ].reduce((total, [, n]) => total + Number(n), 0);
  assert.equal(sum("70-drops-principal.droptags.err"), numbers("70-drops-principal.droptags.err"));
  assert.equal(sum("70-drops-principal.bufsize4k.err"), numbers("70-drops-principal.bufsize4k.err"));
  assert.equal(sum("72-drops-agg.droptags.err"), 1_583_207 + 1_663_644 + 1_650_646);
});

test("lines that start with a tab go on with the message, however the stream is cut", () => {
  const text = "dtrace: failed to compile script X:\n\tline 4: syntax error\n\tnear here\ndtrace: 2 drops on CPU 0\n";
  const expected = [
    { kind: "compile_error", count: 1, text: "failed to compile script X: line 4: syntax error near here" },
    { kind: "principal_drops", count: 2, cpu: 0, text: "2 drops on CPU 0" },
  ];
  assert.deepEqual(read([text]), expected);
  assert.deepEqual(read(Array.from(text)), expected);
});

test("a drop is handed on at once, another message at flush", () => {
  const kinds: string[] = [];
  const reader = new MessageReader(({ kind }) => kinds.push(kind));
  reader.push(Buffer.from("dtrace: 2 drops on CPU 0\ndtrace: buffer size lowered to 2m\n"));
  assert.deepEqual(kinds, ["principal_drops"]);
  reader.flush();
  assert.deepEqual(kinds, ["principal_drops", "buffer_lowered"]);
});

test("hostile bytes are unknown messages, short and printable, and take no time", () => {
  const start = performance.now();
  const messages = read([
    "\x1b[2J\x9b\n",
    "1 ".repeat(2000),
    "\n",
    "9".repeat(3_000_000),
    "\n",
    "dtrace: 1 drop on CPU 2\n",
  ]);
  assert.deepEqual(
    messages.map(({ kind }) => kind),
    ["unknown", "unknown", "unknown", "principal_drops"],
  );
  for (const { text } of messages) assert.match(text, /^[\x20-\x7e]{0,1000}$/);
  assert.ok(performance.now() - start < 10_000);
});
