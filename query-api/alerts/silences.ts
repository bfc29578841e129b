/**
 * silences.ts: silences and maintenance windows: a tenant's are for its own alerts, the operators' for all.
 */
import { randomBytes } from "node:crypto";
import type { SilenceInfo } from "../../core/alerts/api.ts";
import { isInForce, matchesLabels, parseSilence, type SilenceInput } from "../../core/alerts/silence.ts";
import { OperationalError } from "../../core/errors.ts";
import { OPERATOR } from "../../core/window.ts";
import { notFound } from "../../server/http.ts";
import type { AlertSilenceRow, AlertTables } from "../../store/alerts.ts";
import type { TokenRow } from "../../store/tokens.ts";
import { isOwn, ownerOf } from "./rules.ts";

export const MAX_SILENCES_PER_TENANT = 200;

export class Silences {
  readonly #tables: AlertTables;

  constructor(tables: AlertTables) {
    this.#tables = tables;
  }

  visibleTo(principal: TokenRow): AlertSilenceRow[] {
    return this.#living()
      .filter((row) => isOwn(row, principal))
      .sort((a, b) => b.createdMs - a.createdMs);
  }

  /** @throws InputError; OperationalError TOO_MANY_SILENCES */
  async create(json: unknown, principal: TokenRow): Promise<AlertSilenceRow> {
    const now = Date.now();
    const silence = parseSilence(json, now);
    const owner = ownerOf(principal);
    const current = this.#living().filter((row) => row.owner === owner && inputOf(row).endsMs > now);
    if (owner !== OPERATOR && current.length >= MAX_SILENCES_PER_TENANT) {
      throw new OperationalError(
        "TOO_MANY_SILENCES",
        `save a silence: a tenant has at most ${MAX_SILENCES_PER_TENANT}`,
      );
    }
    const row = { id: randomBytes(8).toString("hex"), owner, silence, createdMs: now, deletedMs: 0 };
    await this.#tables.silences.put([row]);
    return row;
  }

  /** @throws OperationalError NOT_FOUND for one that is unknown, ended or somebody else's, all alike */
  async remove(id: string, principal: TokenRow): Promise<AlertSilenceRow> {
    const row = this.#tables.silences.get(id);
    if (row === undefined || row.deletedMs !== 0 || !isOwn(row, principal)) throw notFound();
    await this.#tables.silences.put([{ ...row, deletedMs: Date.now() }]);
    return row;
  }

  isSilenced(owner: string, labels: Readonly<Record<string, string>>, nowMs: number): boolean {
    return this.#living().some((row) => {
      if (row.owner !== OPERATOR && row.owner !== owner) return false;
      const silence = inputOf(row);
      return isInForce(silence, nowMs) && matchesLabels(silence.matchers, labels);
    });
  }

  #living(): AlertSilenceRow[] {
    return this.#tables.silences.all().filter(({ deletedMs }) => deletedMs === 0);
  }
}

export function silenceInfo(row: AlertSilenceRow): SilenceInfo {
  const { id, owner, createdMs } = row;
  const silence = inputOf(row);
  return { ...silence, id, owner, createdMs, isInForce: isInForce(silence, Date.now()) };
}

function inputOf(row: AlertSilenceRow): SilenceInput {
  return row.silence as SilenceInput;
}
