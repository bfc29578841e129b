/**
 * remote-write.ts: Prometheus' remote write requests, encoded beforehand: protobuf (prompb/remote.proto, prompb/types.proto)
 * within snappy's block format, all of it literals, which is valid and costs the server the least to unpack.
 */

export interface Label {
  readonly name: string;
  readonly value: string;
}

/** A native histogram: integer counts in buckets whose upper edges grow by 2^(2^-schema). */
export interface NativeHistogram {
  readonly labels: readonly Label[];
  readonly timestampMs: number;
  readonly schema: number;
  readonly sum: number;
  /** Ascending indexes of non-empty buckets, and their (cumulative over time) counts. */
  readonly index: readonly number[];
  readonly count: readonly number[];
}

export interface Sample {
  readonly labels: readonly Label[];
  readonly timestampMs: number;
  readonly value: number;
}

export function encodeHistograms(histograms: readonly NativeHistogram[]): Uint8Array<ArrayBuffer> {
  const request = new ProtoWriter();
  for (const histogram of histograms) {
    const series = new ProtoWriter();
    writeLabels(series, histogram.labels);
    series.message(4, nativeHistogram(histogram));
    request.message(1, series);
  }
  return snappy(request.finish());
}

export function encodeSamples(samples: readonly Sample[]): Uint8Array<ArrayBuffer> {
  const request = new ProtoWriter();
  for (const { labels, value, timestampMs } of samples) {
    const series = new ProtoWriter();
    writeLabels(series, labels);
    const sample = new ProtoWriter();
    sample.double(1, value);
    sample.varint(2, timestampMs);
    series.message(2, sample);
    request.message(1, series);
  }
  return snappy(request.finish());
}

export function remoteWriteHeaders(): Record<string, string> {
  return {
    "content-type": "application/x-protobuf",
    "content-encoding": "snappy",
    "x-prometheus-remote-write-version": "0.1.0",
  };
}

function writeLabels(series: ProtoWriter, labels: readonly Label[]): void {
  for (const { name, value } of labels) {
    const label = new ProtoWriter();
    label.text(1, name);
    label.text(2, value);
    series.message(1, label);
  }
}

function nativeHistogram(histogram: NativeHistogram): ProtoWriter {
  const { index, count } = histogram;
  const message = new ProtoWriter();
  message.varint(
    1,
    count.reduce((sum, each) => sum + each, 0),
  );
  message.double(3, histogram.sum);
  message.sint(4, histogram.schema);
  message.double(5, 1e-128);
  message.varint(6, 0);
  const deltas = new ProtoWriter();
  let previous = 0;
  for (const each of count) {
    deltas.rawSint(each - previous);
    previous = each;
  }
  for (let at = 0, end = 0; at < index.length;) {
    let to = at + 1;
    while (to < index.length && index[to] === (index[to - 1] ?? 0) + 1) to += 1;
    const span = new ProtoWriter();
    span.sint(1, (index[at] ?? 0) - end);
    span.varint(2, to - at);
    message.message(11, span);
    end = (index[to - 1] ?? 0) + 1;
    at = to;
  }
  message.message(12, deltas);
  message.varint(15, histogram.timestampMs);
  return message;
}

/** https://protobuf.dev/programming-guides/encoding/ */
class ProtoWriter {
  #bytes = Buffer.allocUnsafe(256);
  #length = 0;

  varint(field: number, value: number): void {
    this.rawVarint(field * 8);
    this.rawVarint(value);
  }

  sint(field: number, value: number): void {
    this.rawVarint(field * 8);
    this.rawSint(value);
  }

  double(field: number, value: number): void {
    this.rawVarint(field * 8 + 1);
    this.#room(8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  text(field: number, value: string): void {
    const bytes = Buffer.from(value);
    this.rawVarint(field * 8 + 2);
    this.rawVarint(bytes.length);
    this.#append(bytes);
  }

  message(field: number, message: ProtoWriter): void {
    this.rawVarint(field * 8 + 2);
    this.rawVarint(message.#length);
    this.#append(message.finish());
  }

  rawSint(value: number): void {
    this.rawVarint(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  /** Up to 2^53: no bit operations, which cut at 32 bits. */
  rawVarint(value: number): void {
    this.#room(10);
    let rest = value;
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #append(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #room(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const bigger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + more));
    bigger.set(this.finish());
    this.#bytes = bigger;
  }
}

/** https://github.com/google/snappy/blob/main/format_description.txt */
function snappy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const LITERAL = 65_536;
  const head = new ProtoWriter();
  head.rawVarint(bytes.length);
  const parts: Uint8Array[] = [head.finish()];
  for (let at = 0; at < bytes.length; at += LITERAL) {
    const part = bytes.subarray(at, at + LITERAL);
    const length = part.length - 1;
    // 61: the length less one follows in two bytes.
    parts.push(Uint8Array.of(61 << 2, length & 255, length >> 8), part);
  }
  return new Uint8Array(Buffer.concat(parts));
}
