/**
 * shapes.ts: what the query API answers, as JSON schemas: the same as the interfaces of core/api.ts, which the compiler holds them to.
 *
 * They describe and do not serialise: answers of megabytes are not walked twice. That real answers are of these shapes, with
 * no field more, is what test/api/openapi.test.ts tries on every route.
 */
import type { Is } from "./shape-parts.ts";
import type { Static, TSchema } from "typebox";
import type * as api from "../core/api.ts";
import * as saved from "./capacity/saved-shapes.ts";
import * as capacity from "./capacity/shapes.ts";
import * as alerts from "./shapes-alerts.ts";
import * as access from "./shapes-access.ts";
import * as fleet from "./shapes-fleet.ts";
import * as instrumentations from "./shapes-instrumentations.ts";
import * as values from "./shapes-values.ts";

const ALL = { ...access, ...alerts, ...capacity, ...saved, ...fleet, ...instrumentations, ...values };

/** Schemas that stand under their names in the document. */
export const SHAPES: Readonly<Record<string, TSchema>> = ALL;

/** Fails to compile where a shape lacks what its interface has, or has it otherwise. */
export type ShapesAreTheInterfaces = [
  Is<Static<typeof ALL.ErrorBody>, api.ErrorBody>,
  Is<Static<typeof ALL.SessionInfo>, api.SessionInfo>,
  Is<Static<typeof ALL.SignInWays>, api.SignInWays>,
  Is<Static<typeof ALL.SignedOut>, api.SignedOut>,
  Is<Static<typeof ALL.TenantDetail>, api.TenantDetail>,
  Is<Static<typeof ALL.NewTokenInfo>, api.NewTokenInfo>,
  Is<Static<typeof ALL.AuditPage>, api.AuditPage>,
  Is<Static<typeof ALL.MetricInfo>, api.MetricInfo>,
  Is<Static<typeof ALL.InstrumentationSummary>, api.InstrumentationSummary>,
  Is<Static<typeof ALL.InstrumentationDetail>, api.InstrumentationDetail>,
  Is<Static<typeof ALL.InstrumentationPreview>, api.InstrumentationPreview>,
  Is<Static<typeof ALL.Metadata>, api.Metadata>,
  Is<Static<typeof ALL.HostInfo>, api.HostInfo>,
  Is<Static<typeof ALL.BoardInfo>, api.BoardInfo>,
  Is<Static<typeof ALL.ZoneInfo>, api.ZoneInfo>,
  Is<Static<typeof ALL.FleetInfo>, api.FleetInfo>,
  Is<Static<typeof ALL.Heatmap>, api.Heatmap>,
  Is<Static<typeof ALL.Breakdown>, api.Breakdown>,
  Is<Static<typeof ALL.Series>, api.Series>,
  Is<Static<typeof ALL.Quantiles>, api.Quantiles>,
  Is<Static<typeof ALL.CellDetail>, api.CellDetail>,
  Is<Static<typeof ALL.WindowsPage>, api.WindowsPage>,
  Is<Static<typeof ALL.SelectionBreakdown>, api.SelectionBreakdown>,
  Is<Static<typeof ALL.SelectionComparison>, api.SelectionComparison>,
  Is<Static<typeof ALL.SelectionDifference>, api.SelectionDifference>,
];
