/**
 * api.ts: the shapes that the query API and its clients exchange, by noun.
 *
 * Times in paths, queries and answers are epoch seconds (columns) unless a name ends in Ms; values are in the metric's base
 * unit (ns for time, bytes for size). null means "not known", never zero.
 */
export type * from "./api/access.ts";
export type * from "./api/instrumentations.ts";
export type * from "./api/values.ts";
export type * from "./api/selections.ts";
export type * from "./api/metadata.ts";
export type * from "./api/boards.ts";
export type * from "./api/fleet.ts";
