/**
 * zone-names.ts: what zones are called, and where they are: as much of it as the API tells the token.
 */
import type { SessionInfo, ZoneInfo } from "../core/api.ts";
import { errorCode } from "../core/errors.ts";
import { answer, type Api } from "./api-client.ts";

export interface ZoneName {
  readonly alias: string;
  /** "" for tenants: where their zones are is not told them. */
  readonly host: string;
}

/** By zone. @throws OperationalError API_UNREACHABLE */
export async function zoneNames(api: Api): Promise<ReadonlyMap<string, ZoneName>> {
  try {
    const { zones } = await answer<{ zones: readonly ZoneInfo[] }>(api, api.client.GET("/v1/zones"));
    return new Map(zones.map(({ zone, alias, host }) => [zone, { alias, host }]));
  } catch (error) {
    // Of operators only.
    if (errorCode(error) !== "API_REFUSED") throw error;
    const { tenant } = await answer<SessionInfo>(api, api.client.GET("/v1/session"));
    return new Map((tenant?.zones ?? []).map(({ name, alias }) => [name, { alias, host: "" }]));
  }
}
