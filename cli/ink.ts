/**
 * ink.ts: colours and weights of text, only where a terminal reads it.
 *
 * NO_COLOR (no-color.org) and TERM=dumb switch them off. What the colours say is always in the words too.
 */
export interface Ink {
  readonly good: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly strong: (text: string) => string;
}

interface Stream {
  readonly isTTY?: boolean;
}

export function inkFor(stream: Stream, environment: Readonly<Record<string, string | undefined>>): Ink {
  const on = stream.isTTY === true && (environment["NO_COLOR"] ?? "") === "" && environment["TERM"] !== "dumb";
  const style =
    (code: number) =>
    (text: string): string =>
      on && text !== "" ? `\u001b[${code}m${text}\u001b[0m` : text;
  return { good: style(32), warn: style(33), bad: style(31), dim: style(2), strong: style(1) };
}
