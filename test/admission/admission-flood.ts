/**
 * admission-flood.ts: a collector that floods, as a process: many streams at once, each batch the moment the last was answered.
 *
 * Says the first answer, and at "end" how many were stored.
 */
import { post, type FrozenBody } from "./admission-bed.ts";

interface Order extends FrozenBody {
  readonly url: string;
  readonly token: string;
  readonly streams: number;
}

let over = false;
let answered = 0;

async function flood({ url, token, streams, ...body }: Order): Promise<void> {
  const each = async (name: string): Promise<void> => {
    let seq = 1;
    while (!over) {
      const { status } = await post(url, token, name, seq, body);
      if (status !== 200) {
        // It does not care for Retry-After.
        await new Promise((wake) => setTimeout(wake, 20));
        continue;
      }
      seq += 1;
      answered += 1;
      if (answered === 1) process.send?.("flooding");
    }
  };
  await Promise.all(Array.from({ length: streams }, (_, i) => each(`flood-${i}`)));
  process.send?.(answered);
}

process.on("message", (message: Order | "end") => {
  if (message === "end") over = true;
  else void flood(message);
});
