/**
 * extras.ts: what a network adds of itself: batches that come twice, late, or before their turn. Wraps this process's fetch.
 */
import { seeded } from "../../collectors/simulator/random.ts";
import { note } from "./ledger.ts";

/**
 * Notes how long acknowledgements take, and with a seed adds: every third batch is sent once more at once, one in ten a second time much later, one in ten first under a number to come.
 */
export function installExtras(seed: number | undefined, ledger: string): void {
  const random = seed === undefined ? (): number => 1 : seeded(seed);
  const real = globalThis.fetch;
  const old: (() => Promise<void>)[] = [];
  let calls = 0;
  const send = async (kind: "repeat" | "early", url: string, init: RequestInit): Promise<void> => {
    const response = await real(url, init).catch(() => undefined);
    if (response === undefined) return;
    note(ledger, { what: "extra", kind, status: response.status, text: await response.text().catch(() => "cut") });
  };
  globalThis.fetch = async (input, init = {}) => {
    const url = input instanceof Request ? input.url : input.toString();
    if (!url.endsWith("/v1/batches")) return real(input, init);
    calls += 1;
    const again: RequestInit = { ...init, signal: AbortSignal.timeout(5_000) };
    if (random() < 0.1) {
      const headers = init.headers as Record<string, string>;
      const seq = Number(headers["isotherm-seq"]);
      const ahead = { ...headers, "isotherm-seq": String(seq + 2), "isotherm-after": String(seq + 1) };
      await send("early", url, { ...again, headers: ahead });
    }
    const startedMs = performance.now();
    const answer = await real(input, init);
    note(ledger, { what: "ack", ms: performance.now() - startedMs });
    if (answer.ok) {
      if (seed !== undefined && calls % 3 === 0) await send("repeat", url, again);
      if (random() < 0.1) old.push(() => send("repeat", url, again));
      if (old.length > 5) await old.shift()?.();
    }
    return answer;
  };
}

/** A deliberate mistake: an answer that nobody gave. */
export function beCareless(): void {
  const real = globalThis.fetch;
  let calls = 0;
  globalThis.fetch = (input, init) => {
    calls += 1;
    if (calls % 5 === 0) return Promise.resolve(new Response('{"outcome":"stored"}'));
    return real(input, init);
  };
}
