/**
 * asker.ts: a client in a process of its own, so that what it costs to read an answer is not taken for what it costs to make one.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface Question {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON to be posted; absent: it is a GET. */
  readonly body?: string;
  readonly runs: number;
  /** Asked before, and not counted. */
  readonly warmUps: number;
  /** So many ask at once, each again as soon as it has its answer. */
  readonly clients: number;
}

export interface Asked {
  readonly ms: readonly number[];
  /** Of one answer. */
  readonly kb: number;
}

export class Asker {
  readonly #child = fork(fileURLToPath(import.meta.url), [CHILD], { execArgv: process.execArgv });

  async ask(question: Question): Promise<Asked> {
    this.#child.send(question);
    const [answer] = (await once(this.#child, "message")) as [Asked | { error: string }];
    if ("error" in answer) throw new Error(answer.error);
    return answer;
  }

  close(): void {
    this.#child.disconnect();
  }
}

const CHILD = "--asker";

async function one({ url, headers, body, runs, warmUps }: Question): Promise<Asked> {
  const ms: number[] = [];
  let kb = 0;
  const post = body === undefined ? {} : { method: "POST", body };
  for (let run = -warmUps; run < runs; run++) {
    const from = performance.now();
    const response = await fetch(url, { headers, ...post });
    const bytes = await response.arrayBuffer();
    if (!response.ok) throw new Error(`${url}: ${response.status} ${Buffer.from(bytes).toString().slice(0, 300)}`);
    if (run >= 0) ms.push(performance.now() - from);
    kb = bytes.byteLength / 1000;
  }
  return { ms, kb };
}

async function all(question: Question): Promise<Asked> {
  const answers = await Promise.all(Array.from({ length: question.clients }, () => one(question)));
  return { ms: answers.flatMap(({ ms }) => ms), kb: answers[0]?.kb ?? 0 };
}

if (process.argv[2] === CHILD) {
  process.on("message", (question: Question) => {
    all(question).then(
      (answer) => process.send?.(answer),
      (error: unknown) => process.send?.({ error: String(error) }),
    );
  });
}
