/**
 * use-preview.ts: what a draft would be and cost, asked of the API as one types, a moment after the last change.
 *
 * The answer before stays until the next is there; an error keeps it too, and says which fields are wrong.
 */
import { useEffect, useState } from "preact/hooks";
import type { InstrumentationPreview } from "../../core/api.ts";
import { ApiError, ask, isAbort } from "../api/client.ts";

export interface Preview {
  readonly answer: InstrumentationPreview | null;
  readonly error: Error | null;
  /** Whether `answer` is of an earlier draft. */
  readonly stale: boolean;
}

const AFTER_MS = 200;
/** Rates and hosts change while one looks. */
const AGAIN_MS = 15_000;

export function usePreview(request: (Record<string, unknown> & { metric: string }) | null): Preview {
  const [state, setState] = useState<Preview & { readonly key: string }>({
    answer: null,
    error: null,
    stale: true,
    key: "",
  });
  const key = JSON.stringify(request);
  useEffect(() => {
    if (request === null) return undefined;
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const turn = (): void => {
      ask("POST", "/v1/instrumentations", { body: { ...request, dryRun: true }, signal: controller.signal })
        .then((answer) => {
          const preview = answer as unknown as InstrumentationPreview;
          setState({ answer: preview, error: null, stale: false, key });
        })
        .catch((error: unknown) => {
          if (isAbort(error)) return;
          const reason = error instanceof Error ? error : new Error(String(error));
          setState((before) => ({ ...before, error: reason, key }));
        })
        .finally(() => {
          if (!controller.signal.aborted) timer = setTimeout(turn, AGAIN_MS);
        });
    };
    timer = setTimeout(turn, AFTER_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [key]);
  return { answer: state.answer, error: state.key === key ? state.error : null, stale: state.key !== key };
}

/** What the API found wrong with the fields whose names begin so. */
export function problemsOf({ error }: Preview, field: string): string | null {
  if (!(error instanceof ApiError)) return null;
  const own = error.errors.filter((each) => each.field === field || each.field.startsWith(`${field}.`));
  return own.length === 0 ? null : own.map(({ message }) => message).join("; ");
}
