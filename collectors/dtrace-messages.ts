/**
 * dtrace-messages.ts: what dtrace(1) says on standard error, as data.
 *
 * Drops do not end dtrace and do not change its exit status: they are data about quality and belong beside the counts that
 * they spoil. In a bad second there are thousands of such lines, so this reads bytes, keeps nothing but the line at hand, and
 * compares fixed words: no regular expression sees the input.
 *
 * The texts are those of dt_handle.c (drops), dt_error.c and dtrace.c, as illumos and DTrace for Linux print them. With
 * `-x droptags` a drop carries its kind in brackets. A message may go on in lines that start with a tab.
 */
import { sampleOf, text, TAB } from "./aggregation-bytes.ts";
import { LineSplitter } from "./aggregation-lines.ts";

export type MessageKind =
  | "principal_drops"
  | "aggregation_drops"
  | "dynamic_drops"
  | "speculative_drops"
  | "speculation_failed"
  | "stack_drops"
  | "error_on_probe"
  | "compile_error"
  | "unknown_probe"
  | "no_privileges"
  | "aborted_unresponsive"
  | "processing_aborted"
  | "buffer_lowered"
  | "buffer_too_small"
  | "enabling_failed"
  | "option_refused"
  | "matched"
  | "own_cpu"
  | "unknown";

export interface DtraceMessage {
  readonly kind: MessageKind;
  /** How many were lost; 1 for a message that is no count. */
  readonly count: number;
  /** Where a message names one. */
  readonly cpu?: number;
  /** The message without `dtrace: `, with its continuation lines: at most 1,000 printable characters. */
  readonly text: string;
}

export const MAX_MESSAGE_LINE = 4096;
const MAX_TEXT = 1000;

/** Reads standard error in chunks cut anywhere. A message is handed on once the next one starts, or at `flush`. */
export class MessageReader {
  readonly #onMessage: (message: DtraceMessage) => void;
  readonly #lines: LineSplitter;
  #pending = "";

  constructor(onMessage: (message: DtraceMessage) => void) {
    this.#onMessage = onMessage;
    this.#lines = new LineSplitter(MAX_MESSAGE_LINE, {
      line: (bytes, from, to) => this.#line(bytes, from, to),
      tooLong: (bytes, from) => this.#line(bytes, from, from + MAX_TEXT),
    });
  }

  /** Takes the next bytes. Whatever lies complete before their end is handed on, so that a drop is known at once. */
  push(chunk: Uint8Array): void {
    this.#lines.push(chunk);
  }

  /** Hands on the message whose continuation has not been seen yet: call it when standard error is quiet. */
  flush(): void {
    const pending = this.#pending;
    this.#pending = "";
    if (pending !== "") this.#onMessage(classify(pending));
  }

  end(): void {
    const rest = this.#lines.end();
    if (rest.length > 0) this.#line(rest, 0, rest.length);
    this.flush();
  }

  #line(bytes: Uint8Array, from: number, to: number): void {
    const start = bytes[from] === TAB ? from + 1 : from;
    const line = sampleOf(bytes, start, to, MAX_TEXT);
    if (start !== from && this.#pending !== "") {
      if (this.#pending.length < MAX_TEXT) this.#pending = `${this.#pending} ${line}`.slice(0, MAX_TEXT);
      return;
    }
    this.flush();
    if (line === "") return;
    this.#pending = line;
    // A drop is one line: waiting for the next message would keep it from its window.
    if (isDrop(line)) this.flush();
  }
}

/** What a message's bytes say; for a whole message at hand. */
export function classifyBytes(bytes: Uint8Array): DtraceMessage {
  return classify(text(bytes, 0, Math.min(bytes.length, MAX_TEXT)));
}

/**
 * What one message says.
 *
 * @param message with or without `dtrace: `, without its last newline
 */
export function classify(message: string): DtraceMessage {
  const body = message.startsWith(PREFIX) ? message.slice(PREFIX.length) : message;
  return dropOf(body) ?? { kind: kindOf(body), count: 1, text: body };
}

const PREFIX = "dtrace: ";
/** What the wrapper's words about dtrace's CPU time start with. */
export const OWN_CPU = "wrapper: cpu ";

function isDrop(line: string): boolean {
  return dropOf(line.startsWith(PREFIX) ? line.slice(PREFIX.length) : line) !== undefined;
}

/** What follows the number of a drop; the longer of two that start alike comes first. */
const DROPS: readonly (readonly [words: string, kind: MessageKind])[] = [
  ["aggregation drop", "aggregation_drops"],
  ["dynamic variable drop", "dynamic_drops"],
  ["speculative drop", "speculative_drops"],
  ["failed speculation", "speculation_failed"],
  ["jstack()/ustack() string table overflow", "stack_drops"],
  ["stack string table overflow", "stack_drops"],
  ["error", "error_on_probe"],
  ["drop", "principal_drops"],
];

/** `[DTRACEDROP_TAG] 14 drops on CPU 1`: the tag is optional, and so is the processor. */
function dropOf(body: string): DtraceMessage | undefined {
  const tagged = body.startsWith("[DTRACEDROP_");
  const at = tagged ? body.indexOf("] ", 12) + 2 : 0;
  if (tagged && at === 1) return undefined;
  const end = digitsEnd(body, at);
  if (end === at || body[end] !== " ") return undefined;
  const words = body.slice(end + 1);
  const found = DROPS.find(([start]) => words.startsWith(start) && isWordEnd(words, start.length));
  if (found === undefined) return undefined;
  const drop = { kind: found[1], count: Number(body.slice(at, end)), text: body };
  const cpu = cpuOf(words);
  return cpu === undefined ? drop : { ...drop, cpu };
}

function isWordEnd(words: string, at: number): boolean {
  const after = words[at] === "s" ? words[at + 1] : words[at];
  return after === undefined || after === " ";
}

function cpuOf(words: string): number | undefined {
  const at = words.indexOf(" on CPU ");
  if (at < 0) return undefined;
  const end = digitsEnd(words, at + 8);
  return end > at + 8 ? Number(words.slice(at + 8, end)) : undefined;
}

/** The first place from `from` on that is no digit; at most 20 are taken. */
function digitsEnd(line: string, from: number): number {
  let at = from;
  while (at < from + 20 && at < line.length && line.charCodeAt(at) >= 48 && line.charCodeAt(at) <= 57) at++;
  return at;
}

/**
 * Words that tell a message's kind, the first that fits: where it says `start` the message starts with them, else they may
 * be anywhere. Order matters: an unknown probe is reported inside a compile error.
 */
const WORDS: readonly (readonly [start: string, inside: string, kind: MessageKind])[] = [
  ["processing aborted: ", "systemic unresponsiveness", "aborted_unresponsive"],
  ["processing aborted", "", "processing_aborted"],
  ["error on enabled probe ID ", "", "error_on_probe"],
  ["error in ", " for probe ID ", "error_on_probe"],
  ["failed to initialize dtrace: ", "", "no_privileges"],
  ["", "requires additional privileges", "no_privileges"],
  ["", "not super-user", "no_privileges"],
  ["", "Permission denied", "no_privileges"],
  ["", "does not match any probes", "unknown_probe"],
  ["", "Enabling exceeds size of buffer", "buffer_too_small"],
  ["failed to compile ", "", "compile_error"],
  ["invalid probe specifier ", "", "compile_error"],
  ["buffer size lowered to ", "", "buffer_lowered"],
  ["aggregation size lowered to ", "", "buffer_lowered"],
  ["dynamic variable size lowered to ", "", "buffer_lowered"],
  ["speculation size lowered to ", "", "buffer_lowered"],
  ["could not enable tracing", "", "enabling_failed"],
  ["failed to enable ", "", "enabling_failed"],
  ["failed to set ", "", "option_refused"],
  ["script '", "' matched ", "matched"],
  ["description '", "' matched ", "matched"],
  // The wrapper's (deploy/wrapper), not dtrace's.
  [OWN_CPU, "", "own_cpu"],
];

function kindOf(body: string): MessageKind {
  const found = WORDS.find(([start, inside]) => body.startsWith(start) && body.includes(inside));
  return found?.[2] ?? "unknown";
}
