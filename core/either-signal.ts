/**
 * either-signal.ts: a signal that fires with the first of several.
 *
 * Unlike AbortSignal.any it is held by those that it listens to, until it is released.
 */
export interface EitherSignal {
  readonly signal: AbortSignal;
  /** Lets go of the signals that it listens to. */
  release(): void;
}

export function eitherSignal(...signals: readonly AbortSignal[]): EitherSignal {
  const either = new AbortController();
  const fire = (): void => {
    const first = signals.find(({ aborted }) => aborted);
    either.abort(first?.reason);
  };
  for (const each of signals) each.addEventListener("abort", fire, { once: true });
  if (signals.some(({ aborted }) => aborted)) fire();
  return {
    signal: either.signal,
    release: () => {
      for (const each of signals) each.removeEventListener("abort", fire);
    },
  };
}
