/**
 * cli-process.ts: one process that runs cli/main.ts again and again for the documents' commands, since loading it costs a second
 * and the documents have a hundred of them. The commands' own code runs, from the first line of main.ts to its exit status.
 *
 * A command is a folder with the files args and env (ended by NUL), cwd, and maybe stdin; it is asked for by name over a Unix socket, and
 * leaves stdout, stderr and status there. One after the other.
 *
 * Run: node --import tsx test/docs/cli-process.ts SOCKET FOLDER
 */
import { createReadStream, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";

const [, , socket = "", folder = ""] = process.argv;
const MAIN = new URL("../../cli/main.ts", import.meta.url).href;
/** Without it a command would find no `HOME`, and Node's own settings of this process would be lost. */
const OWN = { ...process.env };

class Exit extends Error {}

/** Takes what a command writes; what comes after its exit is main.ts's own `catch`, which a real exit does not let run. */
class Output extends Writable {
  readonly #pieces: Buffer[] = [];
  ended = false;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    if (!this.ended) this.#pieces.push(chunk);
    done();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#pieces);
  }
}

let runs = 0;

async function run(job: string): Promise<void> {
  const read = (name: string): string => readFileSync(join(job, name), "utf8");
  const list = (name: string): string[] => read(name).split("\0").slice(0, -1);
  const outputs = { stdout: new Output(), stderr: new Output() };
  const input = existsSync(join(job, "stdin")) ? createReadStream(join(job, "stdin")) : Readable.from([]);
  let status = 0;
  const exit = (code?: number | string | null): never => {
    if (!outputs.stdout.ended) status = Number(code ?? 0);
    outputs.stdout.ended = outputs.stderr.ended = true;
    throw new Exit();
  };
  process.argv = [process.execPath, MAIN, ...list("args")];
  process.env = Object.fromEntries(list("env").map((line) => line.split(/=([\s\S]*)/, 2))) as NodeJS.ProcessEnv;
  process.chdir(read("cwd").trimEnd());
  Object.assign(process, { exit });
  for (const [name, value] of Object.entries({ ...outputs, stdin: input })) {
    Object.defineProperty(process, name, { value, configurable: true });
  }
  // Another query is another module: main.ts is evaluated anew, what it imports is not.
  await import(`${MAIN}?run=${++runs}`).catch((error: unknown) => {
    if (!(error instanceof Exit)) outputs.stderr.write(String(error));
  });
  for (const [name, { bytes }] of Object.entries(outputs)) writeFileSync(join(job, name), bytes);
  writeFileSync(join(job, "status"), String(status));
}

let last = Promise.resolve();
const server = createServer((request, response) => {
  last = last.then(() => run(join(folder, request.url ?? ""))).then(() => void response.end());
});
// Loading is paid before the first command comes.
process.env = { ...OWN };
await import("../../cli/services.ts");
server.listen(socket, () => process.send?.("ready"));
process.on("disconnect", () => server.closeAllConnections());
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
