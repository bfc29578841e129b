/**
 * claims.ts: which collector speaks for a host: the one whose token did so first.
 *
 * A collector's token writes windows, and says whose zones are: with a stolen one somebody could write for any host. So the first
 * token that reports a host has it from then on. Another gets it when that token is no longer valid (an operator has revoked it:
 * a collector's token is changed, or stolen), when the collector has reported the host as removed from its configuration, or when an
 * operator releases it (the host is to be watched by another collector). A stream of batches is claimed likewise, under the name
 * `stream NAME` (ingest/app.ts).
 */
import type { StoreClient } from "./client.ts";
import { ControlTable } from "./control.ts";

interface ClaimRow {
  readonly host: string;
  /** The token's line, which its successors by rotation share; "" where nobody has the host. */
  readonly token: string;
  readonly sinceMs: number;
}

export class Claims {
  readonly #table: ControlTable<ClaimRow>;
  readonly #isValid: (token: string) => boolean;
  /** Claims are handled one after another, so that two at once cannot both be the first. */
  #queue: Promise<unknown> = Promise.resolve();

  /** @param isValid whether a token may still be used */
  constructor(store: StoreClient, isValid: (token: string) => boolean) {
    this.#isValid = isValid;
    this.#table = new ControlTable<ClaimRow>(
      store,
      "claims",
      (row) => row.host,
      (row) => ({ host: String(row["host"]), token: String(row["token"]), sinceMs: Number(row["since_ms"]) }),
      ({ host, token, sinceMs }) => ({ host, token, since_ms: sinceMs }),
    );
  }

  refresh(isChanged?: (table: string) => boolean): Promise<void> {
    return this.#table.refresh(isChanged);
  }

  /** Claims what nobody has. @returns the hosts that are another's */
  async foreign(hosts: readonly string[], token: string): Promise<string[]> {
    if (hosts.some((host) => this.#holder(host) === undefined)) await this.#inTurn(() => this.#take(hosts, token));
    return hosts.filter((host) => this.#holder(host) !== token);
  }

  /** Leaves the host to whoever reports it next. @returns false where nobody had it */
  async release(host: string): Promise<boolean> {
    if (this.#holder(host) === undefined) return false;
    await this.#inTurn(() => this.#table.put([{ host, token: "", sinceMs: Date.now() }]));
    return true;
  }

  #holder(host: string): string | undefined {
    const token = this.#table.get(host)?.token ?? "";
    return token !== "" && this.#isValid(token) ? token : undefined;
  }

  async #take(hosts: readonly string[], token: string): Promise<void> {
    const free = hosts.filter((host) => this.#holder(host) === undefined);
    await this.#table.put(free.map((host) => ({ host, token, sinceMs: Date.now() })));
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const run = this.#queue.then(work);
    this.#queue = run.catch(() => undefined);
    return run;
  }
}
