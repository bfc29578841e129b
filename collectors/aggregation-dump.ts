/**
 * aggregation-dump.ts: the two kinds of key that take lines of their own: hexdumps and stacks.
 *
 * A string with any byte that is not printable (UTF-8 included) comes as a hexdump of its whole field, zeros and all:
 *
 *     (an empty line)
 *                  0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f  0123456789abcdef
 *              0: 67 72 c3 b6 c3 9f 65 00 00 00 00 00 00 00 00 00  gr....e.........
 *
 * A stack comes as an empty line and its frames, indented, one a line (dt_print_rawbytes and dt_print_stack, dt_consume.c).
 */

const DUMP_HEADER = "             0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f  0123456789abcdef";

export function isDumpHeader(line: string): boolean {
  return line === DUMP_HEADER;
}

/** The bytes of one line of a hexdump, one character each; undefined where it is none. */
export function dumpBytes(line: string): string | undefined {
  if (line.length < 14 || line[10] !== ":" || line.slice(0, 5).trim() !== "") return undefined;
  if (hexValue(line.slice(5, 10).trimStart()) === undefined) return undefined;
  let bytes = "";
  for (let at = 11; at < 11 + 48 && line[at] === " " && line[at + 1] !== " "; at += 3) {
    const value = hexValue(line.slice(at + 1, at + 3));
    if (value === undefined) return undefined;
    bytes += String.fromCharCode(value);
  }
  return bytes === "" ? undefined : bytes;
}

function hexValue(digits: string): number | undefined {
  let value = 0;
  for (const digit of digits) {
    const place = "0123456789abcdef".indexOf(digit);
    if (place < 0) return undefined;
    value = value * 16 + place;
  }
  return digits === "" ? undefined : value;
}

/** The frame on one line of a stack, without its indent; undefined where it is none. */
export function stackFrame(line: string): string | undefined {
  if (!line.startsWith("  ")) return undefined;
  const frame = line.trim();
  if (frame.startsWith("[ ") && frame.endsWith(" ]")) return frame;
  if (frame.startsWith("0x") && hexValue(frame.slice(2)) !== undefined) return frame;
  const tick = frame.indexOf("`");
  return tick > 0 && !frame.slice(0, tick).includes(" ") ? frame : undefined;
}
