/**
 * upkeep.ts: what has ended leaves the store: expired sessions, old lines of the trail. Every query API does it; to do it twice
 * is harmless.
 */
import type { Log } from "../server/log.ts";
import type { Audit } from "../store/audit.ts";
import type { Tokens } from "../store/tokens.ts";

const EVERY_MS = 600_000;

/** @returns what ends it */
export function startUpkeep({ tokens, audit, log }: { tokens: Tokens; audit: Audit; log: Log }): () => void {
  const run = async (): Promise<void> => {
    await tokens.sweep();
    await audit.sweep();
  };
  const timer = setInterval(() => {
    run().catch((error: unknown) => log.warn({ err: error }, "what has ended stays in the store a while longer"));
  }, EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
