/**
 * rules.ts: alert rules: made through the API or by files, seen by their owner and by operators.
 *
 * Rules of files are the operators'. Their ids are digests of their names, so that two processes with the same files have the same rules, and a
 * restart knows their states again. One that has left the files is deleted at the start.
 */
import { createHash, randomBytes } from "node:crypto";
import type { AlertRuleInfo } from "../../core/alerts/api.ts";
import { parseRule, ruleJson } from "../../core/alerts/read-rule.ts";
import type { Rule } from "../../core/alerts/rule.ts";
import { errorChain, InputError, OperationalError } from "../../core/errors.ts";
import { OPERATOR } from "../../core/window.ts";
import { notFound } from "../../server/http.ts";
import type { AlertRuleRow, AlertTables } from "../../store/alerts.ts";
import type { TokenRow } from "../../store/tokens.ts";
import type { InstrumentationInput, Instrumentations } from "../instrumentations.ts";
import { inTurn } from "./in-turn.ts";
import { checkReach } from "./reach.ts";
import { viewOfRule } from "./reader.ts";

export const MAX_RULES_PER_TENANT = 100;

export class AlertRules {
  readonly #tables: AlertTables;
  readonly #instrumentations: Instrumentations;
  /** Rows do not change, so each is read once. */
  readonly #parsed = new WeakMap<AlertRuleRow, Rule | null>();

  constructor(tables: AlertTables, instrumentations: Instrumentations) {
    this.#tables = tables;
    this.#instrumentations = instrumentations;
  }

  get revision(): number {
    return this.#tables.rules.revision;
  }

  living(): AlertRuleRow[] {
    return this.#tables.rules.all().filter(({ deletedMs }) => deletedMs === 0);
  }

  visibleTo(principal: TokenRow): AlertRuleRow[] {
    return this.living()
      .filter((row) => isOwn(row, principal))
      .sort((a, b) => (this.nameOf(a) < this.nameOf(b) ? -1 : 1));
  }

  /** @throws OperationalError NOT_FOUND for one that is unknown, deleted or somebody else's, all alike */
  find(id: string, principal: TokenRow): AlertRuleRow {
    const row = this.#tables.rules.get(id);
    if (row === undefined || row.deletedMs !== 0 || !isOwn(row, principal)) throw notFound();
    return row;
  }

  /** The rule of a row; null for one that a newer program has stored and this one cannot read. */
  ruleOf(row: AlertRuleRow): Rule | null {
    let rule = this.#parsed.get(row);
    if (rule === undefined) {
      try {
        rule = parseRule(row.rule);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        rule = null;
      }
      this.#parsed.set(row, rule);
    }
    return rule;
  }

  nameOf(row: AlertRuleRow): string {
    return this.ruleOf(row)?.name ?? row.id;
  }

  /** Reads a rule of a caller's, and checks it against what it names. @throws InputError; OperationalError NOT_FOUND */
  read(json: unknown, owner: string, path = ""): Rule {
    const rule = parseRule(json, path);
    try {
      const { instrumentation } = viewOfRule(this.#instrumentations, rule, owner, path);
      checkReach(rule, instrumentation.retentionSec, path);
    } catch (error) {
      if (!(error instanceof OperationalError) || error.code !== "NOT_FOUND") throw error;
      const message = `${path === "" ? "" : `${path}.`}instrumentation: there is none of that id, expected one that the owner may see`;
      throw new OperationalError("NOT_FOUND", message, { cause: error });
    }
    return rule;
  }

  /** A rule that is kept has somebody to tell: one that names no hook that there is would fire unheard. */
  #readKept(json: unknown, owner: string, path = "", known: readonly string[] = this.#hooksOf(owner)): Rule {
    const rule = this.read(json, owner, path);
    requireHooks(rule, known, path);
    return rule;
  }

  /** Names of an owner's hooks. */
  #hooksOf(owner: string): string[] {
    const living = this.#tables.hooks.all().filter((hook) => hook.deletedMs === 0 && hook.owner === owner);
    return living.map(({ name }) => name);
  }

  /** Names of hooks that a rule has and that there are no more: hooks of files go without asking. */
  lostHooks(row: AlertRuleRow): string[] {
    const known = this.#hooksOf(row.owner);
    return (this.ruleOf(row)?.hooks ?? []).filter((name) => !known.includes(name));
  }

  /** @throws InputError; OperationalError NOT_FOUND, TOO_MANY_RULES, NAME_TAKEN */
  create(json: unknown, principal: TokenRow): Promise<AlertRuleRow> {
    return this.#inTurn(() => this.#create(json, principal));
  }

  async #create(json: unknown, principal: TokenRow): Promise<AlertRuleRow> {
    const owner = ownerOf(principal);
    const rule = this.#readKept(json, owner);
    this.#requireFreeName(rule.name, owner);
    if (owner !== OPERATOR && this.living().filter((row) => row.owner === owner).length >= MAX_RULES_PER_TENANT) {
      throw new OperationalError(
        "TOO_MANY_RULES",
        `create an alert rule: a tenant has at most ${MAX_RULES_PER_TENANT}`,
      );
    }
    const now = Date.now();
    const row: AlertRuleRow = {
      ...{ id: randomBytes(8).toString("hex"), owner, origin: "api", rule: ruleJson(rule) },
      ...{ createdMs: now, changedMs: now, deletedMs: 0 },
    };
    await this.#put(row, rule, { ...row, deletedMs: now });
    return row;
  }

  /** @throws as `create`, and STANDING for a rule of a file */
  change(id: string, json: unknown, principal: TokenRow): Promise<AlertRuleRow> {
    return this.#inTurn(async () => {
      const row = this.#changeable(id, principal, "change");
      const rule = this.#readKept(json, row.owner);
      this.#requireFreeName(rule.name, row.owner, id);
      const changed = { ...row, rule: ruleJson(rule), changedMs: Date.now() };
      await this.#put(changed, rule, row);
      return changed;
    });
  }

  remove(id: string, principal: TokenRow): Promise<AlertRuleRow> {
    return this.#inTurn(async () => {
      const row = this.#changeable(id, principal, "delete");
      await this.#tables.rules.put([{ ...row, deletedMs: Date.now() }]);
      return row;
    });
  }

  /** Stores a rule, unless a hook that it names was deleted by another process meanwhile. @param otherwise what is then in its place */
  async #put(row: AlertRuleRow, rule: Rule, otherwise: AlertRuleRow): Promise<void> {
    await this.#tables.rules.put([row]);
    if (rule.hooks.length === 0) return;
    await this.#tables.hooks.refresh();
    try {
      requireHooks(rule, this.#hooksOf(row.owner), "");
    } catch (error) {
      await this.#tables.rules.put([otherwise]);
      throw error;
    }
  }

  /** After all that was begun before, and after a look at what other processes have written. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    return inTurn(this.#tables, async () => {
      await Promise.all([this.#tables.rules.refresh(), this.#tables.hooks.refresh()]);
      return work();
    });
  }

  /**
   * Has the rules of files be there, and no others of files.
   *
   * @param rules as they stand in the files; `instrumentation` may be one to be made: {metric, decomposition, ...}
   * @param path what errors call the list
   * @throws InputError naming each wrong field of the first wrong rule
   */
  async ensure(rules: readonly FileRule[]): Promise<void> {
    const rows = await this.ofFiles(rules);
    const isSame = (row: AlertRuleRow): boolean => {
      const was = this.#tables.rules.get(row.id);
      return was?.deletedMs === 0 && JSON.stringify(was.rule) === JSON.stringify(row.rule);
    };
    const gone = this.living().filter(({ origin, id }) => origin === "file" && !rows.some((row) => row.id === id));
    await this.#tables.rules.put([
      ...rows.filter((row) => !isSame(row)),
      ...gone.map((row) => ({ ...row, deletedMs: Date.now() })),
    ]);
  }

  /**
   * What rules of files would be; instrumentations that they describe are there from then on.
   *
   * @param hooks names of the operators' hooks as they will be; absent: as they are
   * @throws InputError
   */
  async ofFiles(rules: readonly FileRule[], hooks?: readonly string[]): Promise<AlertRuleRow[]> {
    const rows: AlertRuleRow[] = [];
    const known = hooks ?? this.#hooksOf(OPERATOR);
    for (const { json, path } of rules) {
      const rule = this.#readKept(await this.#withInstrumentation(json, path), OPERATOR, path, known);
      const id = createHash("sha256").update(`file rule ${rule.name}`).digest("hex").slice(0, 16);
      if (rows.some((row) => row.id === id)) {
        throw new InputError("read alert rules", [
          {
            field: `${path}.name`,
            code: "REPEATED",
            message: `expected a name that no other rule has; ${rule.name} is there twice`,
          },
        ]);
      }
      const was = this.#tables.rules.get(id);
      const now = Date.now();
      rows.push({
        id,
        owner: OPERATOR,
        origin: "file",
        rule: ruleJson(rule),
        createdMs: was?.createdMs ?? now,
        changedMs: now,
        deletedMs: 0,
      });
    }
    return rows;
  }

  info(row: AlertRuleRow, problem: string): AlertRuleInfo {
    const { id, owner, origin, createdMs, changedMs } = row;
    return {
      id,
      owner,
      fromFile: origin === "file",
      rule: row.rule as Record<string, unknown>,
      createdMs,
      changedMs,
      problem,
    };
  }

  async #withInstrumentation(json: unknown, path: string): Promise<unknown> {
    if (typeof json !== "object" || json === null || !("instrumentation" in json)) return json;
    const { instrumentation } = json;
    if (typeof instrumentation !== "object" || instrumentation === null) return json;
    try {
      const row = await this.#instrumentations.ensureStanding(instrumentation as InstrumentationInput);
      return { ...json, instrumentation: row.id };
    } catch (error) {
      if (!(error instanceof InputError))
        throw new InputError("read alert rules", [
          {
            field: `${path}.instrumentation`,
            code: "BAD_INSTRUMENTATION",
            message: `expected an id, or {metric, decomposition, ...}: ${errorChain(error)}`,
          },
        ]);
      const errors = error.errors.map((each) => ({ ...each, field: `${path}.instrumentation.${each.field}` }));
      throw new InputError("read alert rules", errors, { cause: error });
    }
  }

  #changeable(id: string, principal: TokenRow, attempt: string): AlertRuleRow {
    const row = this.find(id, principal);
    if (row.origin === "file")
      throw new OperationalError("STANDING", `${attempt} an alert rule: this one is part of the configuration`);
    return row;
  }

  #requireFreeName(name: string, owner: string, id = ""): void {
    if (this.living().some((row) => row.owner === owner && row.id !== id && this.nameOf(row) === name)) {
      throw new OperationalError("NAME_TAKEN", `save an alert rule: there is one with the name ${name}`);
    }
  }
}

/** @throws InputError for a rule that names a hook that is not among those known */
function requireHooks(rule: Rule, known: readonly string[], path: string): void {
  const errors = rule.hooks.flatMap((name, i) => {
    if (known.includes(name)) return [];
    const field = `${path === "" ? "" : `${path}.`}hooks[${i}]`;
    return [{ field, code: "UNKNOWN_HOOK", message: "expected the name of one of the owner's hooks" }];
  });
  if (errors.length > 0) throw new InputError(`check the alert rule ${rule.name}`, errors);
}

/** A rule as it stands in a file. */
export interface FileRule {
  readonly json: unknown;
  /** What errors call its place: `alerts.yaml: rules[3]`. */
  readonly path: string;
}

export function ownerOf(principal: TokenRow): string {
  return principal.role === "tenant" ? principal.tenant : OPERATOR;
}

/** Operators see all, as they see all instrumentations. */
export function isOwn(row: { readonly owner: string }, principal: TokenRow): boolean {
  return principal.role !== "tenant" || row.owner === principal.tenant;
}
