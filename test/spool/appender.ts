/**
 * appender.ts: a child process of the tests: appends for ever and prints each number once it is durable, until it is killed.
 *
 * Argument: the spool's directory. A refusal is printed as its code.
 */
import { openSpool } from "../../collectors/spool-open.ts";
import { coverageRow } from "./rows.ts";
import { errorCode } from "../../core/errors.ts";

const lines: string[] = [];
try {
  const { spool } = await openSpool({
    directory: process.argv[2] ?? "",
    collector: "c",
    capacityBytes: 1e9,
    segmentBytes: 20_000,
    groupMs: 1,
    onReady: () => undefined,
    onStored: (seq) => lines.push(`${seq}\n`),
    onLoss: ({ reason, batches }) => lines.push(`lost ${batches} ${reason}\n`),
    onTrouble: (error) => lines.push(`${error.code}\n`),
  });
  setInterval(() => {
    for (let i = 0; i < 5; i++) {
      // The bytes say the number, so that what is recovered can be held against it.
      const bytes = new Uint8Array(200).fill(spool.nextSeq % 251);
      spool.append(bytes, 1, [coverageRow(spool.nextSeq)]);
    }
    process.stdout.write(lines.splice(0).join(""));
  }, 1);
} catch (error) {
  process.stdout.write(`${errorCode(error) ?? String(error)}\n`);
}
