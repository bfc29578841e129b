/**
 * frame.ts: what a generated D program prints at a tick (docs/wire-formats.md).
 */
import type { Constant } from "../../core/predicate.ts";
import type { Scheme } from "../../core/histogram/scheme.ts";
import type { Row } from "./decomposition.ts";
import { printDistribution, printKey } from "./print-distribution.ts";

export interface FrameParts {
  readonly begin: string;
  readonly rows: string;
  readonly done: string;
}

export function printFrame(
  nonce: string,
  tick: number,
  walltimestampNs: bigint,
  rows: readonly Row[],
  scheme: Scheme | null,
  events: number,
): FrameParts {
  let text = "";
  for (const row of rows) {
    text += "@row";
    for (const key of row.keys) text += printConstant(key);
    text += scheme === null ? ` ${row.value}\n` : `${printDistribution(scheme, row.bucket, row.count)}@end\n`;
  }
  return {
    begin: `@begin ${nonce} ${tick} ${walltimestampNs}\n`,
    rows: text,
    done: `@done ${nonce} ${tick} ${events}\n`,
  };
}

function printConstant(key: Constant): string {
  return typeof key === "number" ? ` ${key}` : ` "${printKey(key)}"`;
}
