/**
 * engine-sessions.ts: sessions that a client keeps by naming them (`session_id`), for SET and temporary tables.
 *
 * All other requests get a session that is thrown away. In a named one, what the request's URL sets holds for one
 * statement: it is noted before and put back after, since chDB knows no settings of a single statement.
 */
import type { ChdbSession } from "./chdb.ts";
import { EngineException } from "./engine-exception.ts";
import { type EngineRequest, quote } from "./engine-request.ts";

interface Named {
  readonly session: ChdbSession;
  busy: boolean;
  timer: NodeJS.Timeout | undefined;
}

const MOST = 64;

export class Sessions {
  readonly #open: () => ChdbSession;
  readonly #named = new Map<string, Named>();

  constructor(open: () => ChdbSession) {
    this.#open = open;
  }

  /**
   * Runs `work` in the request's session.
   *
   * @throws EngineException 373 SESSION_IS_LOCKED while another statement runs in it, 372 SESSION_NOT_FOUND where the request
   *   wants one that is there
   */
  async use<R>(request: EngineRequest, work: (session: ChdbSession) => Promise<R>): Promise<R> {
    const id = request.sessionId;
    if (id === null) {
      const session = this.#open();
      return work(session).finally(() => session.close());
    }
    if (request.sessionCheck && !this.#named.has(id))
      throw new EngineException(372, "SESSION_NOT_FOUND", `Session ${id} not found`);
    const named = this.#named.get(id) ?? this.#make(id);
    if (named.busy)
      throw new EngineException(373, "SESSION_IS_LOCKED", `Session ${id} is locked by a concurrent client`);
    named.busy = true;
    clearTimeout(named.timer);
    try {
      return await withSettingsRestored(named.session, request, work);
    } finally {
      named.busy = false;
      if (request.sessionEnds) this.#drop(id, named);
      else named.timer = setTimeout(() => this.#drop(id, named), request.sessionMs);
    }
  }

  close(): void {
    for (const [id, named] of this.#named) this.#drop(id, named);
  }

  #make(id: string): Named {
    if (this.#named.size >= MOST) throw new EngineException(202, "TOO_MANY_SIMULTANEOUS_QUERIES", "Too many sessions");
    const named: Named = { session: this.#open(), busy: false, timer: undefined };
    this.#named.set(id, named);
    return named;
  }

  #drop(id: string, named: Named): void {
    clearTimeout(named.timer);
    this.#named.delete(id);
    named.session.close();
  }
}

async function withSettingsRestored<R>(
  session: ChdbSession,
  request: EngineRequest,
  work: (session: ChdbSession) => Promise<R>,
): Promise<R> {
  const names = [...request.settings.keys()];
  if (names.includes("readonly")) {
    // Read-only cannot be undone by SET, so a named session cannot have it for one statement.
    throw new EngineException(48, "NOT_IMPLEMENTED", "A read-only statement in a named session is not supported");
  }
  if (names.length === 0) return work(session);
  const list = names.map(quote).join(", ");
  const sql = `SELECT name, value, changed FROM system.settings WHERE name IN (${list})`;
  const before = Buffer.from((await session.run(sql, "JSONCompactEachRow")).bytes).toString("utf8");
  try {
    return await work(session);
  } finally {
    const sets = before
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as [string, string, number])
      .map(([name, value, changed]) => `${name} = ${changed === 0 ? "DEFAULT" : quote(value)}`);
    if (sets.length > 0) await session.run(`SET ${sets.join(", ")}`, "Null");
  }
}
