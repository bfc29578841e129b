/**
 * state.ts: all control tables of one store, kept fresh.
 *
 * Every process that shares the store reads the tables again every two seconds, so that what one wrote (a revoked token, a
 * zone's new owner, an instrumentation) holds everywhere soon after.
 */
import { openAlerts, type AlertTables } from "./alerts.ts";
import { openBoards, type BoardRow } from "./boards.ts";
import { Changes } from "./changes.ts";
import { Claims } from "./claims.ts";
import type { StoreClient } from "./client.ts";
import type { ControlTable } from "./control.ts";
import { openHosts, type HostRow } from "./hosts.ts";
import { openInstrumentations, type InstrumentationRow } from "./instrumentations.ts";
import { Ownership } from "./ownership.ts";
import { openReports, type ReportTables } from "./reports.ts";
import { openTenants, type TenantRow } from "./tenants.ts";
import { Tokens } from "./tokens.ts";

export interface State {
  readonly tokens: Tokens;
  readonly tenants: ControlTable<TenantRow>;
  readonly ownership: Ownership;
  readonly hosts: ControlTable<HostRow>;
  readonly instrumentations: ControlTable<InstrumentationRow>;
  readonly claims: Claims;
  readonly boards: ControlTable<BoardRow>;
  readonly alerts: AlertTables;
  readonly reports: ReportTables;
  close(): void;
}

const REFRESH_MS = 2_000;

/** @param onError a refresh failed; what is in memory stays in force */
export async function openState(store: StoreClient, onError: (error: unknown) => void): Promise<State> {
  const tokens = new Tokens(store);
  const tables = {
    tokens,
    tenants: openTenants(store),
    ownership: new Ownership(store),
    hosts: openHosts(store),
    instrumentations: openInstrumentations(store),
    claims: new Claims(store, (line) => tokens.isLineValid(line)),
    boards: openBoards(store),
    alerts: openAlerts(store),
    reports: openReports(store),
  };
  const changes = new Changes(store);
  const refresh = (): Promise<void> =>
    changes.read(async (isChanged) => {
      await Promise.all(Object.values(tables).map((table) => table.refresh(isChanged)));
    });
  await refresh();
  let closed = false;
  let timer: NodeJS.Timeout;
  const again = (): void => {
    timer = setTimeout(() => {
      void refresh()
        .catch((error: unknown) => {
          if (!closed) onError(error);
        })
        .then(() => {
          if (!closed) again();
        });
    }, REFRESH_MS);
  };
  again();
  return {
    ...tables,
    close: () => {
      closed = true;
      clearTimeout(timer);
    },
  };
}
