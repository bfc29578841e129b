/**
 * hooks.ts: where alerts are sent: webhooks and Alertmanagers, of a tenant or of the operators.
 */
import { createHash, randomBytes } from "node:crypto";
import type { HookInfo } from "../../core/alerts/api.ts";
import type { Grouping } from "../../core/alerts/group.ts";
import { Reader } from "../../core/alerts/read-rule.ts";
import { InputError, OperationalError } from "../../core/errors.ts";
import { OPERATOR } from "../../core/window.ts";
import { notFound } from "../../server/http.ts";
import type { AlertHookRow, AlertTables } from "../../store/alerts.ts";
import type { ReportTables } from "../../store/reports.ts";
import type { TokenRow } from "../../store/tokens.ts";
import { usesOf, usesText } from "./hook-uses.ts";
import { inTurn } from "./in-turn.ts";
import { isOwn, ownerOf, type FileRule } from "./rules.ts";
import { parseTarget } from "./target.ts";

export const MAX_HOOKS_PER_TENANT = 20;

export interface Hook extends Grouping {
  readonly row: AlertHookRow;
  readonly kind: HookInfo["kind"];
}

/** An Alertmanager groups, waits and repeats by itself; it is told what fires again before it takes it for resolved (5 minutes). */
const ALERTMANAGER: Grouping = {
  groupBy: [],
  groupWaitSec: 0,
  groupIntervalSec: 1,
  repeatSec: 120,
  sendResolved: true,
};

export class Hooks {
  readonly #tables: AlertTables;
  readonly #saved: ReportTables;

  /** @param saved reports, which name hooks too */
  constructor(tables: AlertTables, saved: ReportTables) {
    this.#tables = tables;
    this.#saved = saved;
  }

  living(): Hook[] {
    return this.#tables.hooks
      .all()
      .filter(({ deletedMs }) => deletedMs === 0)
      .map(hookOf);
  }

  visibleTo(principal: TokenRow): AlertHookRow[] {
    return this.living()
      .map(({ row }) => row)
      .filter((row) => isOwn(row, principal))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @throws OperationalError NOT_FOUND for one that is unknown, deleted or somebody else's, all alike */
  find(id: string, principal: TokenRow): Hook {
    const row = this.#tables.hooks.get(id);
    if (row === undefined || row.deletedMs !== 0 || !isOwn(row, principal)) throw notFound();
    return hookOf(row);
  }

  /** The hooks of a rule: those that it names, or all of its owner's. */
  of(owner: string, names: readonly string[]): Hook[] {
    return this.living().filter(({ row }) => row.owner === owner && (names.length === 0 || names.includes(row.name)));
  }

  /** @throws InputError; OperationalError HOOK_TARGET, NAME_TAKEN, TOO_MANY_HOOKS */
  create(json: unknown, principal: TokenRow): Promise<AlertHookRow> {
    return this.inTurn(() => this.#create(json, principal));
  }

  async #create(json: unknown, principal: TokenRow): Promise<AlertHookRow> {
    const owner = ownerOf(principal);
    const read = readHook(json, "");
    const own = this.living().filter(({ row }) => row.owner === owner);
    if (own.some(({ row }) => row.name === read.name))
      throw new OperationalError("NAME_TAKEN", `save a hook: there is one with the name ${read.name}`);
    if (owner !== OPERATOR && own.length >= MAX_HOOKS_PER_TENANT) {
      throw new OperationalError("TOO_MANY_HOOKS", `save a hook: a tenant has at most ${MAX_HOOKS_PER_TENANT}`);
    }
    const row: AlertHookRow = {
      ...read,
      id: randomBytes(8).toString("hex"),
      owner,
      origin: "api",
      createdMs: Date.now(),
      deletedMs: 0,
    };
    await this.#tables.hooks.put([row]);
    return row;
  }

  /**
   * Changes what is given and leaves the rest. What waits for the hook goes where it points to then.
   *
   * @param json `secret: null` has a new one made
   * @returns the secret only where one was made
   * @throws InputError; OperationalError NOT_FOUND, STANDING
   */
  change(
    id: string,
    json: unknown,
    principal: TokenRow,
  ): Promise<{ readonly row: AlertHookRow; readonly secret: string | null }> {
    return this.inTurn(() => this.#change(id, json, principal));
  }

  async #change(
    id: string,
    json: unknown,
    principal: TokenRow,
  ): Promise<{ readonly row: AlertHookRow; readonly secret: string | null }> {
    const { row } = this.find(id, principal);
    if (row.origin === "file")
      throw new OperationalError("STANDING", "change a hook: this one is part of the configuration");
    const reader = new Reader("");
    const given = reader.object(json, "", CHANGEABLE);
    reader.end("change a hook");
    const isMade = given["secret"] === null && row.kind === "webhook";
    const { secret: asked = row.secret, ...rest } = given;
    const { name, kind, url } = row;
    const isManager = kind === "alertmanager";
    // An Alertmanager's are not its own to give.
    const settings: Partial<Grouping> = isManager ? {} : (row.settings as Grouping);
    const read = readHook(
      {
        ...{ name, kind, url, ...settings, ...rest },
        ...(isManager ? given : { secret: isMade ? makeSecret() : asked }),
      },
      "",
    );
    const changed = { ...row, ...read };
    await this.#tables.hooks.put([changed]);
    return { row: changed, secret: isMade ? changed.secret : null };
  }

  /** @throws OperationalError NOT_FOUND, STANDING, HOOK_IN_USE where rules or reports name it: they would tell nobody */
  remove(id: string, principal: TokenRow): Promise<AlertHookRow> {
    return this.inTurn(() => this.#remove(id, principal));
  }

  async #remove(id: string, principal: TokenRow): Promise<AlertHookRow> {
    const { row } = this.find(id, principal);
    if (row.origin === "file")
      throw new OperationalError("STANDING", "delete a hook: this one is part of the configuration");
    await this.#requireUnused(row);
    await this.#tables.hooks.put([{ ...row, deletedMs: Date.now() }]);
    try {
      // Another process may have saved a rule in between; it looks once more too (rules.ts), so nobody keeps half of it.
      await this.#requireUnused(row);
    } catch (error) {
      await this.#tables.hooks.put([row]);
      throw error;
    }
    return row;
  }

  async #requireUnused(row: AlertHookRow): Promise<void> {
    const { rules } = this.#tables;
    const { reports } = this.#saved;
    await Promise.all([rules.refresh(), reports.refresh()]);
    const uses = usesOf(row, rules.all(), reports.all());
    if (uses.length > 0) throw new OperationalError("HOOK_IN_USE", `delete a hook: ${usesText(uses)}`);
  }

  /** After all saves that were begun before, and after a look at what other processes have written. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    return inTurn(this.#tables, async () => {
      await this.refresh();
      return work();
    });
  }

  refresh(): Promise<void> {
    return this.#tables.hooks.refresh();
  }

  /** What hooks of files would be. @throws InputError */
  ofFiles(hooks: readonly FileRule[]): AlertHookRow[] {
    const names = new Set<string>();
    return hooks.map(({ json, path }): AlertHookRow => {
      const read = readHook(json, path);
      const id = createHash("sha256").update(`file hook ${read.name}`).digest("hex").slice(0, 16);
      if (names.has(read.name)) {
        const message = `expected a name that no other hook has; ${read.name} is there twice`;
        throw new InputError("read hooks", [{ field: `${path}.name`, code: "REPEATED", message }]);
      }
      names.add(read.name);
      const was = this.#tables.hooks.get(id);
      const secret = hasSecret(json) || was === undefined ? read.secret : was.secret;
      return {
        ...read,
        id,
        owner: OPERATOR,
        origin: "file",
        secret,
        createdMs: was?.createdMs ?? Date.now(),
        deletedMs: 0,
      };
    });
  }

  /** Has the hooks of files be there, and no others of files. @throws InputError */
  async ensure(hooks: readonly FileRule[]): Promise<void> {
    const rows = this.ofFiles(hooks);
    const isSame = (row: AlertHookRow): boolean =>
      JSON.stringify(this.#tables.hooks.get(row.id)) === JSON.stringify(row);
    const gone = this.living().filter(({ row }) => row.origin === "file" && !rows.some(({ id }) => id === row.id));
    await this.#tables.hooks.put([
      ...rows.filter((row) => !isSame(row)),
      ...gone.map(({ row }) => ({ ...row, deletedMs: Date.now() })),
    ]);
  }
}

export function hookInfo(row: AlertHookRow): HookInfo {
  const { kind, groupBy, groupWaitSec, groupIntervalSec, repeatSec, sendResolved } = hookOf(row);
  const { id, owner, name, url, secret, origin, createdMs } = row;
  return {
    ...{ id, owner, name, kind, url, isSigned: secret !== "", groupBy: [...groupBy], groupWaitSec, groupIntervalSec },
    ...{ repeatSec, sendResolved, fromFile: origin === "file", createdMs },
  };
}

function hookOf(row: AlertHookRow): Hook {
  const kind = row.kind === "alertmanager" ? "alertmanager" : "webhook";
  return { ...(row.settings as Grouping), row, kind };
}

function hasSecret(json: unknown): boolean {
  return typeof json === "object" && json !== null && "secret" in json;
}

const GROUPED = ["groupBy", "groupWaitSec", "groupIntervalSec", "repeatSec", "sendResolved"] as const;
const FIELDS = ["name", "kind", "url", "secret", ...GROUPED];
/** By its name rules and reports know it; another kind is another hook. */
const CHANGEABLE = ["url", "secret", ...GROUPED];

/** @throws InputError naming each wrong field */
export function readHook(
  json: unknown,
  path: string,
): Pick<AlertHookRow, "name" | "kind" | "url" | "secret" | "settings"> {
  const reader = new Reader(path);
  const given = reader.object(json, "", FIELDS);
  const kind = reader.word(given["kind"], "kind", ["webhook", "alertmanager"] as const, "webhook");
  const isManager = kind === "alertmanager";
  const url = reader.text(given["url"], "url", 1, 2000);
  const secret = given["secret"] === undefined ? makeSecret() : reader.text(given["secret"], "secret", 16, 200);
  const settings: Grouping = {
    groupBy: given["groupBy"] === undefined ? ["alertname"] : reader.texts(given["groupBy"], "groupBy", 10),
    groupWaitSec: reader.whole(given["groupWaitSec"], "groupWaitSec", 0, 3600, 2),
    groupIntervalSec: reader.whole(given["groupIntervalSec"], "groupIntervalSec", 1, 86_400, 30),
    repeatSec: reader.whole(given["repeatSec"], "repeatSec", 60, 7 * 86_400, 4 * 3600),
    sendResolved: given["sendResolved"] === undefined || reader.flag(given["sendResolved"], "sendResolved"),
  };
  const name = reader.text(given["name"], "name", 1, 100);
  try {
    if (url !== "") parseTarget(url);
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error;
    reader.fail("url", "BAD_URL", "expected an https URL without a user in it");
  }
  for (const field of isManager ? GROUPED.filter((each) => given[each] !== undefined) : [])
    reader.fail(field, "NOT_GROUPED", "expected none: an Alertmanager groups, waits and repeats by itself");
  if (isManager && given["secret"] !== undefined)
    reader.fail("secret", "NOT_SIGNED", "expected none: an Alertmanager looks at no signature");
  reader.end("read a hook");
  return { name, kind, url, secret: isManager ? "" : secret, settings: isManager ? ALERTMANAGER : settings };
}

function makeSecret(): string {
  return randomBytes(24).toString("base64url");
}
