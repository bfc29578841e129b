/**
 * use-catalogue.ts: what can be looked at: instrumentations, metrics and tenants, read together when the page opens.
 */
import { useCallback, useEffect, useState } from "preact/hooks";
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

export function useCatalogue(session: SessionInfo): CatalogueState {
  const [catalogue, setCatalogue] = useState<Catalogue | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let wanted = true;
    const own = session.tenant === null ? [] : [session.tenant];
    // The keys' names come from tenants, but no picture has to wait for them.
    const tenants = readTenants().catch(() => own);
    Promise.all([readInstrumentations(), readMetrics(), tenants]).then(
      ([instrumentations, metrics, tenants]) => {
        if (!wanted) return;
        setCatalogue({ instrumentations, metrics, tenants });
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
