/**
 * draft.ts: an instrumentation that is being put together, as what is sent to the API and as what an address carries.
 *
 * Both are the same JSON; what is not said in it is as the API has it by default.
 */
import type { InstrumentationInfo, Metadata, MetadataMetric } from "../../core/api.ts";
import { EVERY_EVENT, groupOf, predicateOf, type Group } from "./conditions.ts";

export interface Draft {
  readonly metric: MetadataMetric;
  readonly conditions: Group;
  /** Discrete fields to break down by. */
  readonly keys: readonly string[];
  /** The field whose distribution is kept; null: one number a key. */
  readonly numeric: string | null;
  /** Text of a bucket scheme; null: the field's own. */
  readonly scheme: string | null;
  readonly granularitySec: number;
  readonly retentionSec: number;
  /** When it ends. */
  readonly end: { readonly kind: "idle" | "life"; readonly seconds: number } | { readonly kind: "never" };
  /** "": as the metric. */
  readonly label: string;
}

export const DEFAULT_RETENTION_SEC = 730 * 86_400;
export const DEFAULT_IDLE_SEC = 600;

/** What a form begins with: the fields that people ask for first. */
export function draftOf(metric: MetadataMetric): Draft {
  const numeric = metric.fields.filter(({ arity }) => arity === "numeric").map(({ name }) => name);
  const discrete = metric.fields.filter(({ arity }) => arity === "discrete").map(({ name }) => name);
  return {
    metric,
    conditions: EVERY_EVENT,
    keys: ["execname", "optype", "cpumode", "disk", "direction"].filter((name) => discrete.includes(name)).slice(0, 1),
    numeric: numeric.find((name) => name === "latency") ?? numeric[0] ?? null,
    scheme: null,
    granularitySec: 1,
    retentionSec: DEFAULT_RETENTION_SEC,
    end: { kind: "idle", seconds: DEFAULT_IDLE_SEC },
    label: "",
  };
}

/** What POST /v1/instrumentations takes. */
export function requestOf(draft: Draft): Record<string, unknown> & { metric: string } {
  const { metric, numeric, end } = draft;
  const predicate = predicateOf(draft.conditions, metric.fields);
  return {
    metric: metric.name,
    decomposition: [...draft.keys, ...(numeric === null ? [] : [numeric])],
    ...(Object.keys(predicate).length === 0 ? {} : { predicate }),
    ...(draft.scheme === null || numeric === null ? {} : { scheme: draft.scheme }),
    ...(draft.granularitySec === 1 ? {} : { granularitySec: draft.granularitySec }),
    ...(draft.retentionSec === DEFAULT_RETENTION_SEC ? {} : { retentionSec: draft.retentionSec }),
    ...(end.kind === "never" ? { idleMaxSec: 0 } : {}),
    ...(end.kind === "idle" && end.seconds !== DEFAULT_IDLE_SEC ? { idleMaxSec: end.seconds } : {}),
    // For a fixed time, whoever reads it: it must not end before for want of a reader.
    ...(end.kind === "life" ? { lifeSec: end.seconds, idleMaxSec: end.seconds } : {}),
    ...(draft.label.trim() === "" ? {} : { label: draft.label.trim() }),
  };
}

/** @param text the JSON of a request; @returns null where it names no metric that there is */
export function readDraft(text: string | null, metadata: Metadata): Draft | null {
  if (text === null) return null;
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
  const metric = metadata.metrics.find(({ name }) => name === json["metric"]);
  if (metric === undefined) return null;
  const fields = listOf(json["decomposition"]).flatMap((name) => metric.fields.filter((field) => field.name === name));
  const numberOf = (name: string): number | null => {
    const value = json[name];
    return typeof value === "number" ? value : null;
  };
  const [life, idle] = [numberOf("lifeSec"), numberOf("idleMaxSec")];
  return {
    metric,
    conditions: groupOf(json["predicate"], metric.fields),
    keys: fields.filter(({ arity }) => arity === "discrete").map(({ name }) => name),
    numeric: fields.find(({ arity }) => arity === "numeric")?.name ?? null,
    scheme: typeof json["scheme"] === "string" ? json["scheme"] : null,
    granularitySec: numberOf("granularitySec") ?? 1,
    retentionSec: numberOf("retentionSec") ?? DEFAULT_RETENTION_SEC,
    end:
      life !== null
        ? { kind: "life", seconds: life }
        : idle === 0
          ? { kind: "never" }
          : { kind: "idle", seconds: idle ?? DEFAULT_IDLE_SEC },
    label: typeof json["label"] === "string" ? json["label"] : "",
  };
}

/** The request that would have made one, for a form that starts from it. */
export function requestLike(info: InstrumentationInfo): Record<string, unknown> {
  const { metric, predicate, granularitySec, retentionSec, idleMaxSec, label, scheme } = info;
  const keys = info.keys.filter((name) => name !== "zonename");
  const decomposition = [...keys, ...(info.numeric === null ? [] : [info.numeric])];
  // A standing one never ends; a copy of it does.
  const idle = idleMaxSec === 0 ? {} : { idleMaxSec };
  return {
    ...{ metric, predicate, decomposition, granularitySec, retentionSec, label, ...idle },
    ...(scheme === null ? {} : { scheme }),
  };
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}
