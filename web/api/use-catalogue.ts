/**
 * use-catalogue.ts: what can be looked at: instrumentations, metrics and tenants, read together when the page opens.
 *
 * Every picture waits for it. So it is asked for beside the session (`beginCatalogue`), and before a frame has been drawn.
 */
import { useCallback, useLayoutEffect, useState } from "preact/hooks";
import type { InstrumentationInfo, MetricInfo, SessionInfo, TenantInfo } from "../../core/api.ts";
import { readInstrumentations, readMetrics, readTenants } from "./resources.ts";

export interface Catalogue {
  readonly instrumentations: readonly InstrumentationInfo[];
  readonly metrics: readonly MetricInfo[];
  readonly tenants: readonly TenantInfo[];
}

export interface CatalogueState {
  /** null until it was read once. */
  readonly catalogue: Catalogue | null;
  readonly error: Error | null;
  readonly reload: () => void;
}

interface Parts extends Omit<Catalogue, "tenants"> {
  /** null: they could not be read. The keys' names come from them, but no picture has to wait for them. */
  readonly tenants: readonly TenantInfo[] | null;
}

let begun: Promise<Parts> | null = null;

/** Asks for what a page will want that is about to open, for somebody who may be signed in. */
export function beginCatalogue(): void {
  begun = readParts();
  // Who turns out not to be signed in opens no such page.
  begun.catch(() => undefined);
}

async function readParts(): Promise<Parts> {
  const [instrumentations, metrics, tenants] = await Promise.all([
    ...([readInstrumentations(), readMetrics(), readTenants().catch(() => null)] as const),
  ]);
  return { instrumentations, metrics, tenants };
}

export function useCatalogue(session: SessionInfo): CatalogueState {
  const [catalogue, setCatalogue] = useState<Catalogue | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [turn, setTurn] = useState(0);
  useLayoutEffect(() => {
    let wanted = true;
    const own = session.tenant === null ? [] : [session.tenant];
    // What was begun may have been asked before somebody signed in.
    const reading = begun === null ? readParts() : begun.catch(readParts);
    begun = null;
    reading.then(
      ({ tenants, ...parts }) => {
        if (!wanted) return;
        setCatalogue({ ...parts, tenants: tenants ?? own });
        setError(null);
      },
      (reason: unknown) => {
        if (wanted) setError(reason instanceof Error ? reason : new Error(String(reason)));
      },
    );
    return () => {
      wanted = false;
    };
  }, [session, turn]);
  return { catalogue, error, reload: useCallback(() => setTurn((before) => before + 1), []) };
}
