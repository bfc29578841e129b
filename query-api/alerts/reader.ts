/**
 * reader.ts: whose eyes a rule looks through: its owner's, with the owner's rights and no more.
 *
 * A rule of a tenant is evaluated as if the tenant asked each second: its view is made in the one way that there is (query-api/view.ts), so a
 * rule cannot see what its owner could not read.
 */
import { checkRule, type RuleGround } from "../../core/alerts/read-rule.ts";
import type { Rule } from "../../core/alerts/rule.ts";
import { InputError } from "../../core/errors.ts";
import { OPERATOR } from "../../core/window.ts";
import type { OwnershipRow } from "../../store/ownership.ts";
import type { TokenRow } from "../../store/tokens.ts";
import type { ExpectedHosts } from "../expected.ts";
import { specOf, type Instrumentations } from "../instrumentations.ts";
import { parseWhere, tenantOf, type View } from "../view.ts";

/** A reader with an owner's rights. It is nobody's token: it is in no table, and cannot be sent. */
export function readerOf(owner: string): TokenRow {
  const isTenant = owner !== OPERATOR;
  return {
    ...{ id: "", hash: "", role: isTenant ? "tenant" : "operator", tenant: isTenant ? owner : "", scope: "read" },
    ...{ label: "alert rules", createdMs: 0, expiresMs: 0, revokedMs: 0, parent: "", lineage: "" },
  };
}

/**
 * The view of a rule.
 *
 * @throws OperationalError NOT_FOUND for an instrumentation that its owner cannot see; InputError naming what does not fit
 */
export function viewOfRule(instrumentations: Instrumentations, rule: Rule, owner: string, path = ""): View {
  const reader = readerOf(owner);
  const instrumentation = instrumentations.find(rule.instrumentation, reader);
  const { metric, spec } = specOf(instrumentation);
  const ground: RuleGround = { spec, scope: metric.scope, isOperator: owner === OPERATOR };
  checkRule(rule, ground, path);
  const where = whereOf(rule, metric, spec, path);
  return { instrumentation, metric, spec, tenant: tenantOf(reader, rule.tenant ?? undefined), where };
}

interface OwnershipTable {
  readonly revision: number;
  current(): OwnershipRow[];
}

/** @throws InputError naming the place of the rule too, where it has one */
function whereOf(rule: Rule, metric: View["metric"], spec: View["spec"], path: string): View["where"] {
  try {
    return parseWhere(JSON.stringify(rule.where), metric, spec);
  } catch (error) {
    if (!(error instanceof InputError) || path === "") throw error;
    const errors = error.errors.map((each) => ({ ...each, field: `${path}.${each.field}` }));
    throw new InputError(`check the alert rule ${rule.name}`, errors, { cause: error });
  }
}

/** Which zones a reader has, and on which hosts. Lists stay the same objects until ownership changes. */
export class Zones {
  readonly #ownership: OwnershipTable;
  readonly #byTenant = new Map<string | null, ReadonlyMap<string, readonly string[]>>();
  #revision = -1;

  constructor(ownership: OwnershipTable) {
    this.#ownership = ownership;
  }

  /** Hosts by zone. @param tenant null: everybody's zones */
  of(tenant: string | null): ReadonlyMap<string, readonly string[]> {
    if (this.#revision !== this.#ownership.revision) {
      this.#revision = this.#ownership.revision;
      this.#byTenant.clear();
    }
    let zones = this.#byTenant.get(tenant);
    if (zones === undefined) {
      const found = new Map<string, string[]>();
      for (const { zone, host, owner } of this.#ownership.current()) {
        if (tenant !== null && owner !== tenant) continue;
        found.set(zone, [...(found.get(zone) ?? []), host]);
      }
      this.#byTenant.set(tenant, (zones = found));
    }
    return zones;
  }
}

/** The hosts that a reader expects at a time, as the same list for as long as they are the same. */
export class HostLists {
  readonly #expectedFor: (tenant: string | null) => ExpectedHosts;
  readonly #known = new Map<string | null, { readonly atSec: number; readonly list: readonly string[] }>();

  constructor(expectedFor: (tenant: string | null) => ExpectedHosts) {
    this.#expectedFor = expectedFor;
  }

  of(tenant: string | null, nowSec: number): readonly string[] {
    const atSec = Math.floor(nowSec);
    const before = this.#known.get(tenant);
    if (before?.atSec === atSec) return before.list;
    const now = this.#expectedFor(tenant).within(atSec * 1000, (atSec + 1) * 1000);
    const same = before?.list.length === now.length && before.list.every((host, i) => host === now[i]);
    const list = same ? before.list : now;
    this.#known.set(tenant, { atSec, list });
    return list;
  }
}
