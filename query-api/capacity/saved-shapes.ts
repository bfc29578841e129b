/**
 * saved-shapes.ts: saved reports as JSON schemas: the same as the interfaces of core/reports/api.ts.
 */
import { Type, type Static } from "typebox";
import type * as api from "../../core/reports/api.ts";
import { number, object, orNull, text, words, type Is } from "../shape-parts.ts";

const links = object({
  page: text("to be printed"),
  json: text(),
  csv: text("growth of all resources, a row a key"),
  parquet: text(),
  again: text("the page of the same range, as it is read now; the others are as it was sent"),
});

const run = object({
  dueMs: number("the report's range ends then, whenever it was made"),
  ranMs: number(),
  tookMs: number(),
  isAsked: Type.Boolean({ description: "somebody asked for it; else it was the schedule" }),
  missed: number("runs before it that nobody was there to make"),
  problem: text("why there is no report; empty where there is one"),
  delivery: orNull(text(), "null: no hook was told"),
  links,
});

export const SavedReportInfo = object({
  id: text(),
  owner: text("operator, or a tenant's id"),
  name: text(),
  tenant: orNull(text(), "operators: only this tenant's zones"),
  rangeDays: number("how far it looks back"),
  horizonDays: number("and ahead"),
  items: number("at most so many of each"),
  hook: orNull(text(), "name of the webhook that is told"),
  schedule: orNull(
    object({
      every: words("day", "week", "month"),
      at: text("HH:MM, UTC"),
      weekday: orNull(number(), "0 is Sunday; every week only"),
      day: orNull(number(), "of the month, or its last one where it is shorter; every month only"),
    }),
    "null: only when somebody asks for it",
  ),
  createdMs: number(),
  changedMs: number(),
  nextMs: orNull(number(), "null: it has no schedule"),
  isWaiting: Type.Boolean({ description: "a run that was asked for is not made yet" }),
  last: orNull(run),
  problem: text("why its next run would reach nobody; empty while it would"),
});

export const SavedReportsPage = object({
  reports: Type.Array(SavedReportInfo),
  next: orNull(text(), "`after` of the next page"),
});

/** Fails to compile where a shape lacks what its interface has, or has it otherwise. */
export type SavedReportShapes = [
  Is<Static<typeof SavedReportInfo>, api.SavedReportInfo>,
  Is<Static<typeof SavedReportsPage>, api.SavedReportsPage>,
];
