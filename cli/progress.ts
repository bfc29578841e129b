/**
 * progress.ts: one line on standard error that says how far a long thing has come: on a terminal only, and after a second.
 */
export interface Progress {
  /** Takes the newest text; it is shown at most ten times a second. */
  say(text: string): void;
  /** Takes the line away. */
  end(): void;
}

interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const FIRST_MS = 1_000;
const EVERY_MS = 100;

export function progressOn(stream: Stream): Progress {
  if (stream.isTTY !== true) return { say: () => undefined, end: () => undefined };
  let text = "";
  let shown = "";
  let ticks: NodeJS.Timeout | undefined;
  const show = (): void => {
    if (text === shown) return;
    shown = text;
    stream.write(`\r\u001b[K${text.slice(0, Math.max(10, (stream.columns ?? 80) - 1))}`);
  };
  const first = setTimeout(() => {
    show();
    ticks = setInterval(show, EVERY_MS);
  }, FIRST_MS);
  return {
    say: (now) => void (text = now),
    end: () => {
      clearTimeout(first);
      clearInterval(ticks);
      if (shown !== "") stream.write("\r\u001b[K");
    },
  };
}
