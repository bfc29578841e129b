/**
 * saved-report-routes.ts: saved and scheduled capacity reports over HTTP. What is somebody else's is not found.
 */
import { Type } from "typebox";
import type { SavedReportsPage } from "../../core/reports/api.ts";
import type { ReportRow } from "../../store/reports.ts";
import type { TokenRow } from "../../store/tokens.ts";
import type { CapacityReport } from "../../core/capacity.ts";
import { OperationalError } from "../../core/errors.ts";
import { forgetCopies, readCopy } from "../../store/report-copies.ts";
import { ID, principalOf, READERS, VALUES, whileConnected, WRITERS, type QueryContext } from "../context.ts";
import { oneOf } from "../export-routes.ts";
import { BY_NAME, pageOf } from "../pages.ts";
import { reading } from "../sql.ts";
import { replyReport } from "./report-reply.ts";
import { inputOf, type SavedReports } from "./saved-reports.ts";

/** Checked by core/reports, which names each wrong field; here only that it is an object. */
const JSON_OBJECT = Type.Record(Type.String(), Type.Unknown());

const RUN = Type.Object({ ...ID.properties, run: Type.String({ pattern: "^[0-9a-f]{32}$" }) });

export function savedReportRoutes({ app, note, store, log }: QueryContext, saved: SavedReports): void {
  const noted = async (principal: TokenRow, row: ReportRow, what: string): Promise<void> => {
    const { id: object, owner } = row;
    await note(principal, { action: `capacity_report.${what}`, owner, object, detail: { name: inputOf(row).name } });
  };

  app.route({
    method: "GET",
    url: "/v1/capacity/reports",
    config: READERS,
    schema: {
      summary: "Saved reports that the caller may see, by name",
      tags: ["capacity"],
      querystring: Type.Object(BY_NAME, { additionalProperties: false }),
    },
    handler: (request): SavedReportsPage => {
      const own = saved.visibleTo(principalOf(request));
      const { page, next } = pageOf(own, (row) => [inputOf(row).name, row.id], request.query);
      return { reports: page.map((row) => saved.info(row)), next };
    },
  });

  app.route({
    method: "POST",
    url: "/v1/capacity/reports",
    config: WRITERS,
    schema: { summary: "Save a report under a name, with its schedule", tags: ["capacity"], body: JSON_OBJECT },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const row = await saved.create(request.body, principal);
      await noted(principal, row, "create");
      return reply.code(201).send(saved.info(row));
    },
  });

  app.route({
    method: "GET",
    url: "/v1/capacity/reports/:id",
    config: READERS,
    schema: { summary: "One saved report: its schedule, its last run and its next", tags: ["capacity"], params: ID },
    handler: (request) => saved.info(saved.find(request.params.id, principalOf(request))),
  });

  app.route({
    method: "PUT",
    url: "/v1/capacity/reports/:id",
    config: WRITERS,
    schema: {
      summary: "Change a saved report; its schedule counts from now on",
      tags: ["capacity"],
      params: ID,
      body: JSON_OBJECT,
    },
    handler: async (request) => {
      const principal = principalOf(request);
      const row = await saved.change(request.params.id, request.body, principal);
      await noted(principal, row, "change");
      return saved.info(row);
    },
  });

  app.route({
    method: "DELETE",
    url: "/v1/capacity/reports/:id",
    config: WRITERS,
    schema: { summary: "Delete a saved report, and what it has sent", tags: ["capacity"], params: ID },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const row = await saved.remove(request.params.id, principal);
      forgetCopies(store, row.id).catch((error: unknown) =>
        log.warn({ err: error, report: row.id }, "copies of a deleted report stay in the store until they are too old"),
      );
      await noted(principal, row, "delete");
      return reply.code(204).send();
    },
  });

  app.route({
    method: "GET",
    url: "/v1/capacity/reports/:id/runs/:run",
    config: VALUES,
    schema: {
      summary: "A run's report as it was sent, in the forms of GET /v1/capacity/report",
      tags: ["capacity"],
      params: RUN,
      querystring: Type.Object(
        { format: Type.Optional(oneOf("json", "html", "csv", "arrow", "parquet", "jsonl")) },
        { additionalProperties: false },
      ),
    },
    handler: async (request, reply) => {
      const signal = whileConnected(reply);
      const row = saved.find(request.params.id, principalOf(request));
      const copy = await readCopy(store, row.id, request.params.run, reading(signal));
      if (copy === null) {
        throw new OperationalError("RUN_NOT_KEPT", "read a report as it was sent: no copy is kept of that run");
      }
      const report = JSON.parse(copy.body) as CapacityReport;
      const sent = { name: inputOf(row).name, dueMs: copy.dueMs };
      return replyReport(reply, store, report, request.query.format ?? "json", signal, sent);
    },
  });

  app.route({
    method: "POST",
    url: "/v1/capacity/reports/:id/run",
    config: WRITERS,
    schema: { summary: "Make a saved report now, and send it to its hook", tags: ["capacity"], params: ID },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const row = await saved.ask(request.params.id, principal);
      await noted(principal, row, "run");
      return reply.code(202).send(saved.info(row));
    },
  });
}
