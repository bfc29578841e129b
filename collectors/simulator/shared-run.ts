/**
 * shared-run.ts: the wrapper's `share` on a simulated host: several programs on one channel, each with a status of its own.
 *
 * Each program runs as it would alone, on an `Exec` whose streams are parts of the channel's (docs/wire-formats.md).
 */
import { PassThrough, Writable } from "node:stream";
import { OFF, type CommandHost, type Running } from "./command.ts";
import { Lease } from "./lease.ts";
import { ProgramRun } from "./program-run.ts";
import type { Exec } from "./ssh-server.ts";

interface Member {
  readonly run: ProgramRun;
  readonly stdin: PassThrough;
}

/** As the wrapper's: a part is one atomic write. */
const MAX_PART_BYTES = 4_000;
const NONCE = /^[0-9a-f]{32}$/;

export class SharedRun implements Running {
  readonly #host: CommandHost;
  readonly #exec: Exec;
  readonly #lease: Lease;
  readonly #members = new Map<string, Member>();
  readonly #closed: (() => void)[] = [];
  #input = "";
  /** Whose program comes now. */
  #reading: { readonly nonce: string; readonly to: PassThrough } | undefined;
  #over = false;

  constructor(host: CommandHost, exec: Exec) {
    this.#host = host;
    this.#exec = exec;
    this.#lease = new Lease(exec, null, host.clock, host.limits.leaseMs, { onEnd: () => this.#end(0) });
    exec.stdin.on("data", (bytes: Buffer) => this.#hear(bytes.toString("latin1")));
    exec.onClose(() => this.stop());
  }

  stop(): void {
    this.#over = true;
    this.#lease.close();
    this.#closed.forEach((listener) => listener());
    for (const { run } of this.#members.values()) run.stop();
    this.#members.clear();
  }

  switchOff(): void {
    for (const { run } of [...this.#members.values()]) run.switchOff();
    this.#end(OFF);
  }

  /** The programs that run. */
  get size(): number {
    return this.#members.size;
  }

  #end(status: number): void {
    if (this.#over) return;
    this.stop();
    this.#exec.exit(status);
  }

  #hear(text: string): void {
    if (this.#over) return;
    const lines = (this.#input + text).split("\n");
    this.#input = lines.pop() ?? "";
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    if (this.#reading !== undefined) {
      const { nonce, to } = this.#reading;
      to.write(Buffer.from(`${line}\n`, "latin1"));
      if (line === `@program-end ${nonce}`) this.#reading = undefined;
      return;
    }
    const [order, nonce = ""] = line.split(" ");
    if (order === "@run" && NONCE.test(nonce)) this.#start(nonce);
    else if (order === "@stop") this.#members.get(nonce)?.stdin.end();
    // A lease: each program's own is renewed with it.
    else for (const { stdin } of this.#members.values()) stdin.write("lease\n");
  }

  #start(nonce: string): void {
    const stdin = new PassThrough();
    this.#reading = { nonce, to: stdin };
    if (this.#members.size >= this.#host.share) {
      stdin.resume();
      this.#exit(nonce, 126);
      return;
    }
    const exec: Exec = {
      command: `run ${nonce}`,
      stdin,
      stdout: this.#part(nonce, 1),
      stderr: this.#part(nonce, 2),
      onSignal: () => undefined,
      onClose: (listener) => void this.#closed.push(listener),
      exit: (status) => this.#exit(nonce, status),
    };
    this.#members.set(nonce, { run: new ProgramRun(this.#host, exec, nonce), stdin });
  }

  #exit(nonce: string, status: number): void {
    this.#members.delete(nonce);
    if (!this.#over) this.#exec.stdout.write(`@exit ${nonce} ${status}\n`);
  }

  #part(nonce: string, stream: 1 | 2): Writable {
    return new Writable({
      write: (bytes: Buffer, _encoding, done) => {
        if (this.#over) {
          done();
          return;
        }
        const pieces: Buffer[] = [];
        for (let at = 0; at < bytes.length; at += MAX_PART_BYTES) {
          const piece = bytes.subarray(at, at + MAX_PART_BYTES);
          pieces.push(Buffer.from(`@part ${nonce} ${stream} ${piece.length}\n`), piece);
        }
        this.#exec.stdout.write(Buffer.concat(pieces), () => done());
      },
    });
  }
}
