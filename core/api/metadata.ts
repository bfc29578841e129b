/**
 * metadata.ts: all that a client needs to draw forms and axes.
 */
import type { CostClass, Field, ValueType } from "../metric.ts";
import type { MetricInfo } from "./instrumentations.ts";

/** GET /v1/metadata: all that a client needs to draw its forms and axes. */
export interface Metadata {
  readonly modules: readonly { readonly name: string; readonly label: string; readonly metrics: readonly string[] }[];
  readonly metrics: readonly MetadataMetric[];
  readonly types: Readonly<Record<ValueType, TypeInfo>>;
  readonly schemes: readonly SchemeInfo[];
  readonly predicate: {
    readonly operators: readonly { readonly name: string; readonly label: string; readonly operand: string }[];
    readonly maxDepth: number;
    readonly maxNodes: number;
    readonly maxIn: number;
    /** Regular expression of a string constant. */
    readonly string: string;
  };
  readonly costs: readonly { readonly name: CostClass; readonly label: string }[];
  readonly transformations: readonly TransformationInfo[];
  readonly granularitiesSec: readonly number[];
  readonly limits: {
    readonly keys: number;
    readonly columns: number;
    readonly instrumentationsPerTenant: number;
    readonly enablingsPerHost: number;
  };
}

export interface MetadataMetric extends Omit<MetricInfo, "fields"> {
  readonly fields: readonly MetadataField[];
  /** Schemes that its numeric field may have: any DTrace has, or only the field's own. */
  readonly schemes: "any" | "own";
}

export interface MetadataField extends Field {
  /** What a predicate may test it with. */
  readonly operators: readonly string[];
}

/** How values of a type read: value x base^power is in `unit`, and prefixes climb by `base` (10: SI, 2: IEC). */
export interface TypeInfo {
  readonly label: string;
  readonly unit: string;
  readonly base: 2 | 10;
  readonly power: number;
}

export interface SchemeInfo {
  readonly kind: string;
  readonly parameters: readonly string[];
  readonly label: string;
  /** Whether an instrumentation may ask for it. */
  readonly choosable: boolean;
}

/** Something that can be made of what was measured, beside reading it as it is. */
export interface TransformationInfo {
  readonly name: string;
  readonly label: string;
  readonly method: "GET" | "POST";
  readonly path: string;
  /** Of which instrumentations: all, or those with a distribution (or without). */
  readonly applies: "all" | "distribution" | "scalar";
  /** Its choices, by parameter. */
  readonly choices?: Readonly<Record<string, readonly string[]>>;
}
