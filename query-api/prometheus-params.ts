/**
 * prometheus-params.ts: what a client of Prometheus' API sends, from the URL or, as Grafana does, from the body of a form.
 */
import { InputError } from "../core/errors.ts";
import type { Request } from "../server/http.ts";
import type { Steps } from "./prometheus-windows.ts";
import { durationMs } from "./promql-syntax.ts";
import { parseRange } from "./resolution.ts";
import type { Range } from "./sql.ts";

/** Prometheus' own bound. */
const MAX_STEPS = 11_000;
/** How far back series and label values are looked for, unless the client says. */
const SERIES_SEC = 3600;

export class QueryParams {
  readonly #values: URLSearchParams;

  /** What stands in the body goes before what stands in the URL. */
  constructor(request: Request) {
    this.#values = new URLSearchParams(request.body instanceof URLSearchParams ? request.body : undefined);
    for (const [name, value] of Object.entries(request.query as Record<string, unknown>)) {
      for (const each of [value].flat()) this.#values.append(name, String(each));
    }
  }

  /** @throws InputError where it is missing */
  text(name: string): string {
    const value = this.#values.get(name);
    if (value !== null && value !== "") return value;
    throw wrong(name, "is missing");
  }

  list(name: string): string[] {
    return this.#values.getAll(name);
  }

  has(name: string): boolean {
    return (this.#values.get(name) ?? "") !== "";
  }

  /** The instant of /query. */
  instant(nowSec: number): Steps {
    return { ms: [this.has("time") ? this.#timeMs("time") : Math.floor(nowSec * 1000)], stepMs: null };
  }

  /** The instants of /query_range. */
  steps(nowSec: number): Steps {
    const startMs = this.#timeMs("start");
    const endMs = this.#timeMs("end");
    const stepMs = durationMs(this.text("step")) ?? 0;
    if (stepMs <= 0) throw wrong("step", "expected a duration above zero");
    if (endMs < startMs) throw wrong("end", "expected a time that is not before start");
    const count = Math.floor((endMs - startMs) / stepMs) + 1;
    if (count > MAX_STEPS) throw wrong("step", `expected at most ${MAX_STEPS} steps, not ${count}: take a longer one`);
    parseRange(Math.floor(startMs / 1000), Math.ceil(endMs / 1000) + 1, nowSec);
    return { ms: Array.from({ length: count }, (_, i) => startMs + i * stepMs), stepMs };
  }

  /** The time in which series are looked for: the last hour unless it is said. */
  range(nowSec: number): Range {
    const to = this.has("end") ? this.#timeMs("end") / 1000 : nowSec;
    const from = this.has("start") ? this.#timeMs("start") / 1000 : to - SERIES_SEC;
    return parseRange(Math.max(0, from), Math.min(to, nowSec + SERIES_SEC), nowSec);
  }

  /** Epoch seconds with a fraction, or RFC 3339. */
  #timeMs(name: string): number {
    const text = this.text(name);
    const ms = /^-?\d{1,12}(\.\d{1,12})?(e\+?\d{1,2})?$/i.test(text)
      ? Math.round(Number(text) * 1000)
      : Date.parse(text);
    if (Number.isNaN(ms) || ms < 0 || ms > 4_294_900_000_000) throw wrong(name, "expected epoch seconds or RFC 3339");
    return ms;
  }
}

function wrong(field: string, message: string): InputError {
  return new InputError("read a query", [{ field, code: "BAD_PARAMETER", message }]);
}
