/**
 * board-routes.ts: boards: panels under a name, saved for everybody of one tenant (or for the operators) and shared by a link.
 *
 * A board holds no values and grants nothing: what its panels show is read with the rights of whoever looks. Another tenant's
 * board is not found, like one that does not exist.
 */
import { randomBytes } from "node:crypto";
import { Type, type Static } from "typebox";
import type { BoardInfo, BoardPanel } from "../core/api.ts";
import { OperationalError } from "../core/errors.ts";
import { OPERATOR } from "../core/window.ts";
import { notFound } from "../server/http.ts";
import type { BoardRow } from "../store/boards.ts";
import type { TokenRow } from "../store/tokens.ts";
import { ID, principalOf, READERS, WRITERS, type QueryContext } from "./context.ts";
import { BoardInfo as BoardShape } from "./shapes-fleet.ts";

const { name: NAME, panels: PANELS, rangeSec: RANGE_SEC } = BoardShape.properties;
const INPUT = Type.Object({ name: NAME, panels: PANELS, rangeSec: RANGE_SEC }, { additionalProperties: false });
export const MAX_BOARDS_PER_OWNER = 100;

export function boardRoutes({ app, boards, note }: QueryContext): void {
  const visibleTo = (principal: TokenRow): BoardRow[] =>
    boards.all().filter((row) => row.deletedMs === 0 && isVisible(row, principal));

  /** @throws OperationalError NOT_FOUND for one that is unknown, deleted or somebody else's, all alike */
  const find = (id: string, principal: TokenRow): BoardRow => {
    const row = boards.get(id);
    if (row === undefined || row.deletedMs !== 0 || !isVisible(row, principal)) throw notFound();
    return row;
  };

  const store = async (
    row: BoardRow,
    principal: TokenRow,
    what: "create" | "change" | "delete",
  ): Promise<BoardInfo> => {
    await boards.put([row]);
    const { id: object, owner, name } = row;
    await note(principal, { action: `board.${what}`, owner, object, detail: { name } });
    return infoOf(row);
  };

  app.route({
    method: "GET",
    url: "/v1/boards",
    config: READERS,
    schema: { summary: "Boards that the caller may see, by name", tags: ["boards"] },
    handler: (request) => ({
      boards: visibleTo(principalOf(request))
        .map(infoOf)
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    }),
  });

  app.route({
    method: "POST",
    url: "/v1/boards",
    config: WRITERS,
    schema: { summary: "Save a board under a name", tags: ["boards"], body: INPUT },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const owner = principal.role === "tenant" ? principal.tenant : OPERATOR;
      if (boards.all().filter((row) => row.deletedMs === 0 && row.owner === owner).length >= MAX_BOARDS_PER_OWNER) {
        throw new OperationalError("TOO_MANY_BOARDS", `save a board: there are ${MAX_BOARDS_PER_OWNER} already`);
      }
      const now = Date.now();
      const row = { id: randomBytes(8).toString("hex"), owner, createdMs: now, changedMs: now, deletedMs: 0 };
      return reply.code(201).send(await store({ ...row, ...input(request.body) }, principal, "create"));
    },
  });

  app.route({
    method: "GET",
    url: "/v1/boards/:id",
    config: READERS,
    schema: { summary: "One board", tags: ["boards"], params: ID },
    handler: (request) => infoOf(find(request.params.id, principalOf(request))),
  });

  app.route({
    method: "PUT",
    url: "/v1/boards/:id",
    config: WRITERS,
    schema: { summary: "Change a board: its name, its panels, its range", tags: ["boards"], params: ID, body: INPUT },
    handler: (request) => {
      const principal = principalOf(request);
      const row = find(request.params.id, principal);
      return store({ ...row, ...input(request.body), changedMs: Date.now() }, principal, "change");
    },
  });

  app.route({
    method: "DELETE",
    url: "/v1/boards/:id",
    config: WRITERS,
    schema: { summary: "Delete a board", tags: ["boards"], params: ID },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      await store({ ...find(request.params.id, principal), deletedMs: Date.now() }, principal, "delete");
      return reply.code(204).send();
    },
  });
}

/** Operators see all boards, as they see all instrumentations. */
function isVisible(row: BoardRow, principal: TokenRow): boolean {
  return principal.role !== "tenant" || row.owner === principal.tenant;
}

function input({ name, panels, rangeSec }: Static<typeof INPUT>): Pick<BoardRow, "name" | "panels" | "rangeSec"> {
  return { name, panels, rangeSec };
}

function infoOf({ id, owner, name, panels, rangeSec, createdMs, changedMs }: BoardRow): BoardInfo {
  return { id, owner, name, panels: panels as readonly BoardPanel[], rangeSec, createdMs, changedMs };
}
