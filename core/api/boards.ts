/**
 * boards.ts: panels under a name, on one time axis.
 */
/** GET /v1/boards answers {boards: BoardInfo[]}: panels under a name, on one time axis. */
export interface BoardInfo {
  readonly id: string;
  readonly name: string;
  /** "operator" or a tenant's id. */
  readonly owner: string;
  readonly panels: readonly BoardPanel[];
  /** The stretch of time that it opens with. */
  readonly rangeSec: number;
  readonly createdMs: number;
  readonly changedMs: number;
}

/** What a panel shows. It names no instrumentation, since those end: any with this metric and these fields will do. */
export interface BoardPanel {
  readonly metric: string;
  /** Fields that an instrumentation for it must have, in any order. */
  readonly decomposition: readonly string[];
  /** The key of its lines or hues; null: all together. */
  readonly by: string | null;
  /** Which keys count: all of these conditions. */
  readonly where: readonly BoardCondition[];
}

/** The key is one of `values`; with `not`, none of them. */
export interface BoardCondition {
  readonly field: string;
  readonly not: boolean;
  readonly values: readonly string[];
}
