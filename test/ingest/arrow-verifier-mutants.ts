/**
 * arrow-verifier-mutants.ts: the verifier with one check taken out, to see that the fuzz would notice.
 *
 * Only checks whose absence cannot hang the decoder: the test runs in this process.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Verify } from "./arrow-oracle.ts";

const FILES = [
  "arrow-columns.ts",
  "arrow-layout.ts",
  "arrow-schema.ts",
  "arrow-values.ts",
  "arrow-verifier.ts",
  "flatbuffer-table.ts",
] as const;

export const CHECKS: readonly [what: string, file: (typeof FILES)[number], check: string, instead: string][] = [
  ["reads stay inside the message", "flatbuffer-table.ts", "at < 0 || at + bytes > view.byteLength", "false"],
  ["buffers stay inside the body", "arrow-layout.ts", "this.#end > this.body.byteLength", "false"],
  ["buffers do not overlap", "arrow-layout.ts", "gap < 0", "false"],
  ["there are no nulls", "arrow-layout.ts", "this.#nodes[this.#node + 1] !== 0", "false"],
  ["messages are whole", "arrow-verifier.ts", "bytes > this.#view.byteLength - this.#at", "false"],
  ["nothing follows the end", "arrow-verifier.ts", "this.#at !== this.#bytes.byteLength", "false"],
  ["the end is marked", "arrow-verifier.ts", "this.#marker(end) !== 0", "false"],
  ["the rows are those declared", "arrow-verifier.ts", "batch.length !== rows || rows < 1", "rows < 1"],
  ["bucket and count pair", "arrow-verifier.ts", "verifySameOffsets(batch.body, bucket, count, rows)", "void count"],
  ["offsets rise", "arrow-values.ts", "next < last", "false"],
  ["texts differ", "arrow-values.ts", "seen.size !== count", "false"],
  ["texts are UTF-8", "arrow-values.ts", "!isUtf8(all)", "false"],
  ["rows are of one day", "arrow-values.ts", "/ DAY_SEC) !== day", "/ DAY_SEC) === -1"],
  ["kinds are known", "arrow-values.ts", "> KIND_WINDOW", "> 255"],
  ["texts are short", "arrow-values.ts", "next - last > maxStep", "false"],
  ["the version is ours", "arrow-schema.ts", "version === String(WIRE_VERSION)", "true"],
];

/** The verifier without a check. */
export async function withoutCheck(file: string, check: string, instead: string): Promise<Verify> {
  const folder = await mkdtemp(join(tmpdir(), "isotherm-mutant-"));
  try {
    await writeFile(join(folder, "package.json"), '{"type":"module"}');
    for (const each of FILES) {
      const from = new URL(`../../ingest/${each}`, import.meta.url);
      let text = await readFile(from, "utf8");
      if (each === file) {
        if (text.split(check).length !== 2) throw new Error(`${file} has not one "${check}"`);
        text = text.replace(check, instead);
      }
      await writeFile(
        join(folder, each),
        text.replaceAll('"../core/', `"${new URL("../../core/", import.meta.url).href}`),
      );
    }
    const module = (await import(pathToFileURL(join(folder, "arrow-verifier.ts")).href)) as { verifyBatch: Verify };
    return module.verifyBatch;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
