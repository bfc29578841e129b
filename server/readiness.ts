/**
 * readiness.ts: what must hold for a process to be of use: what /readyz asks.
 *
 * Each check has a sentence that anybody may read; why it does not hold may name hosts and files, and goes to the log only.
 */
import { OperationalError } from "../core/errors.ts";
import { within } from "../core/within.ts";

export interface ReadyCheck {
  /** Said where it does not hold: "the store does not answer". */
  readonly otherwise: string;
  /** Throws while it does not hold. */
  readonly check: () => Promise<void> | void;
}

/** A probe waits no longer than this for one check. */
const CHECK_MS = 4_000;

/**
 * Makes one check of many, for /readyz.
 *
 * @returns rejects with NOT_READY, whose message has a sentence for each check that does not hold
 */
export function readiness(checks: readonly ReadyCheck[], withinMs = CHECK_MS): () => Promise<void> {
  return async () => {
    const causes: unknown[] = [];
    const failed = await Promise.all(
      checks.map(async ({ otherwise, check }) => {
        try {
          await within(withinMs, Promise.resolve().then(check), () => new Error(`no answer within ${withinMs} ms`));
          return [];
        } catch (error) {
          causes.push(error);
          return [otherwise];
        }
      }),
    );
    const sentences = failed.flat();
    if (sentences.length > 0) throw new OperationalError("NOT_READY", sentences.join("; "), { cause: causes[0] });
  };
}
