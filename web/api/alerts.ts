/**
 * alerts.ts: alerting as the API has it: what fires, rules, silences, hooks, and what hooks were told.
 */
import type {
  AlertInfo,
  AlertRuleDetail,
  AlertRuleInfo,
  AlertTest,
  ChangedHookInfo,
  DeliveryInfo,
  DeliveryStatus,
  HookInfo,
  HookTest,
  NewHookInfo,
  SilenceInfo,
} from "../../core/alerts/api.ts";
import { call, getJson, query } from "./client.ts";

export interface Alerting {
  readonly alerts: readonly AlertInfo[];
  readonly rules: readonly AlertRuleInfo[];
  readonly silences: readonly SilenceInfo[];
  readonly hooks: readonly HookInfo[];
}

export async function readAlerting(signal: AbortSignal): Promise<Alerting> {
  const [alerts, rules, silences, hooks] = await Promise.all([
    pages<AlertInfo>("/v1/alerts", "alerts", "before", signal),
    pages<AlertRuleInfo>("/v1/alerts/rules", "rules", "after", signal),
    pages<SilenceInfo>("/v1/alerts/silences", "silences", "before", signal),
    pages<HookInfo>("/v1/alerts/hooks", "hooks", "after", signal),
  ]);
  return { alerts, rules, silences, hooks };
}

/** A rule with when it fired. */
export async function readRule(id: string, signal: AbortSignal): Promise<AlertRuleDetail> {
  return getJson<AlertRuleDetail>(rulePath(id), signal);
}

/** @param id null: a new one */
export async function saveRule(id: string | null, rule: unknown): Promise<AlertRuleInfo> {
  return send<AlertRuleInfo>(id === null ? "POST" : "PUT", id === null ? "/v1/alerts/rules" : rulePath(id), rule);
}

export async function deleteRule(id: string): Promise<void> {
  await call(rulePath(id), { method: "DELETE" });
}

/** Where a rule would have fired. @param seconds how far back */
export async function tryRule(rule: unknown, seconds: number, signal: AbortSignal): Promise<AlertTest> {
  return send<AlertTest>("POST", "/v1/alerts/test", { rule, from: -seconds }, signal);
}

export async function createSilence(silence: unknown): Promise<SilenceInfo> {
  return send<SilenceInfo>("POST", "/v1/alerts/silences", silence);
}

export async function endSilence(id: string): Promise<void> {
  await call(`/v1/alerts/silences/${encodeURIComponent(id)}`, { method: "DELETE" });
}

export async function createHook(hook: unknown): Promise<NewHookInfo> {
  return send<NewHookInfo>("POST", "/v1/alerts/hooks", hook);
}

/** Changes what is given and leaves the rest. */
export async function changeHook(id: string, change: unknown): Promise<ChangedHookInfo> {
  return send<ChangedHookInfo>("PATCH", hookPath(id), change);
}

export async function deleteHook(id: string): Promise<void> {
  await call(hookPath(id), { method: "DELETE" });
}

export async function testHook(id: string): Promise<HookTest> {
  return send<HookTest>("POST", `${hookPath(id)}/test`, undefined);
}

/** The newest first: one page, since nobody reads more. */
export async function readDeliveries(status: DeliveryStatus, signal: AbortSignal): Promise<readonly DeliveryInfo[]> {
  const { deliveries } = await getJson<{ deliveries: readonly DeliveryInfo[] }>(
    `/v1/alerts/deliveries${query({ status })}`,
    signal,
  );
  return deliveries;
}

export async function retryDelivery(id: string): Promise<DeliveryInfo> {
  return send<DeliveryInfo>("POST", `/v1/alerts/deliveries/${encodeURIComponent(id)}/retry`, undefined);
}

function rulePath(id: string): string {
  return `/v1/alerts/rules/${encodeURIComponent(id)}`;
}

function hookPath(id: string): string {
  return `/v1/alerts/hooks/${encodeURIComponent(id)}`;
}

async function send<T>(
  method: "POST" | "PUT" | "PATCH",
  path: string,
  body: unknown,
  signal?: AbortSignal,
): Promise<T> {
  const response = await call(path, { method, body, ...(signal === undefined ? {} : { signal }) });
  return (await response.json()) as T;
}

/** A list whole, page after page: what fires must not be missing from a page because it stands on the second. */
async function pages<T>(path: string, name: string, from: "before" | "after", signal: AbortSignal): Promise<T[]> {
  const all: T[] = [];
  let next: string | null = null;
  do {
    const page: Readonly<Record<string, unknown>> = await getJson(`${path}${query({ [from]: next })}`, signal);
    all.push(...((page[name] ?? []) as T[]));
    next = typeof page["next"] === "string" ? page["next"] : null;
  } while (next !== null);
  return all;
}
