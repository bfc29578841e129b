/**
 * print.ts: kstats as `kstat -p -T u PATTERN... 1` prints them, for tests: the other side of what collectors/kstat-parser.ts
 * reads. Statistics come sorted, as kstat sorts them; values are the text that kstat would print.
 */
import { KstatParser, type KstatProblem, type KstatSample } from "../../collectors/kstat-parser.ts";

export interface Printable {
  readonly module: string;
  readonly instance: number;
  readonly name: string;
  readonly class: string;
  /** Ns since boot. */
  readonly crtime: bigint;
  readonly snaptime: bigint;
  readonly statistics: Readonly<Record<string, string | number | bigint>>;
}

export interface PrintableSample {
  readonly epochSec: number;
  readonly kstats: readonly Printable[];
}

/** A kstat of 1 s after boot, read at `atSec` seconds, with the 30 characters that the kernel keeps of its name. */
export function kstat(
  id: string,
  klass: string,
  atSec: number,
  statistics: Printable["statistics"],
  crtime = 1_000_000_000n,
): Printable {
  const [module = "", instance = "0", ...name] = id.split(":");
  return {
    module,
    instance: Number(instance),
    name: name.join(":").slice(0, 30),
    class: klass,
    crtime,
    snaptime: BigInt(Math.round(atSec * 1000)) * 1_000_000n,
    statistics,
  };
}

export function seconds(ns: bigint): string {
  return `${ns / 1_000_000_000n}.${String(ns % 1_000_000_000n).padStart(9, "0")}`;
}

export function printKstat(each: Printable): string {
  const all = { ...each.statistics, class: each.class, crtime: seconds(each.crtime), snaptime: seconds(each.snaptime) };
  return Object.entries(all)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([statistic, value]) => `${each.module}:${each.instance}:${each.name}:${statistic}\t${value}\n`)
    .join("");
}

export function print(sample: PrintableSample): string {
  return `${sample.epochSec}\n${sample.kstats.map(printKstat).join("")}\n`;
}

export interface Parsed {
  readonly samples: readonly KstatSample[];
  readonly problems: readonly KstatProblem[];
}

/** @param cuts lengths of the chunks, repeated until the text is over; [] for one chunk */
export function parse(input: string | Uint8Array, cuts: readonly number[] = []): Parsed {
  const bytes = typeof input === "string" ? Buffer.from(input) : input;
  const samples: KstatSample[] = [];
  const problems: KstatProblem[] = [];
  const parser = new KstatParser({
    onSample: (sample) => samples.push(sample),
    onProblem: (problem) => problems.push(problem),
  });
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = cuts.length === 0 ? bytes.length : Math.max(1, cuts[i % cuts.length] ?? 1);
    // A copy that is then overwritten, as a socket's buffer may be: the parser must not keep the chunk.
    const chunk = Uint8Array.from(bytes.subarray(at, at + size));
    parser.push(chunk);
    chunk.fill(0x58);
    at += size;
  }
  parser.end();
  return { samples, problems };
}

/** Samples that came without any problem. */
export function samplesOf(...samples: readonly PrintableSample[]): readonly KstatSample[] {
  const { samples: parsed, problems } = parse(samples.map(print).join(""));
  if (problems.length > 0) throw new Error(`${problems[0]?.kind ?? ""}: ${problems[0]?.sample ?? ""}`);
  return parsed;
}

/** A parsed sample as plain data: what `print` was given. */
export function plain(sample: KstatSample): PrintableSample {
  const kstats = sample.kstats.map((each) => ({
    module: each.module,
    instance: each.instance,
    name: each.name,
    class: each.class,
    crtime: each.crtime,
    snaptime: each.snaptime,
    statistics: Object.fromEntries(
      each.statistics
        .filter((statistic) => !["class", "crtime", "snaptime"].includes(statistic))
        .map((statistic) => [statistic, each.get(statistic) ?? ""]),
    ),
  }));
  return { epochSec: sample.epochSec, kstats };
}
