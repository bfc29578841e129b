/**
 * lease.ts: standard input of a command: first a program, where the verb takes one, then the lease.
 *
 * The lease is lines that keep coming: silence, or the end of input, means that whoever asked is gone, and ends the command,
 * so that nothing is left running on a host that nobody listens to. Bytes that never make a line do not count.
 */
import type { Clock } from "./clock.ts";
import type { Exec } from "./ssh-server.ts";

/** A program longer than this is refused, as the wrapper does. */
const MAX_PROGRAM_BYTES = 262_144;
const LINE_FEED = 10;

export interface LeaseHandlers {
  /** The program, complete; absent: the verb takes none. */
  readonly onProgram?: (text: string) => void;
  /** Silence, or the end of input; `early`: before the program was complete. */
  readonly onEnd: (early: boolean) => void;
}

export class Lease {
  readonly #clock: Clock;
  readonly #leaseMs: number;
  readonly #handlers: LeaseHandlers;
  readonly #endLine: string | null;
  #program = "";
  #complete: boolean;
  #cancel: () => void = () => undefined;
  #over = false;

  /** @param nonce ends the program; null: the verb takes no program */
  constructor(exec: Exec, nonce: string | null, clock: Clock, leaseMs: number, handlers: LeaseHandlers) {
    this.#clock = clock;
    this.#leaseMs = leaseMs;
    this.#handlers = handlers;
    this.#endLine = nonce === null ? null : `@program-end ${nonce}`;
    this.#complete = nonce === null;
    this.#renew();
    exec.stdin.on("data", (bytes: Buffer) => this.#hear(bytes));
    exec.stdin.once("end", () => this.#end());
    exec.onClose(() => this.#end());
  }

  close(): void {
    this.#over = true;
    this.#cancel();
  }

  #hear(bytes: Buffer): void {
    if (this.#over) return;
    if (bytes.includes(LINE_FEED)) this.#renew();
    if (this.#complete) return;
    this.#program += bytes.toString("latin1");
    const end = this.#findEnd();
    if (end === undefined && this.#program.length > MAX_PROGRAM_BYTES) this.#end();
    if (end === undefined) return;
    this.#complete = true;
    const text = Buffer.from(this.#program.slice(0, end), "latin1").toString("utf8");
    this.#program = "";
    this.#handlers.onProgram?.(text);
  }

  /** Where the line that ends the program begins. */
  #findEnd(): number | undefined {
    const line = `${this.#endLine ?? ""}\n`;
    if (this.#program.startsWith(line)) return 0;
    const at = this.#program.indexOf(`\n${line}`);
    return at < 0 ? undefined : at + 1;
  }

  #renew(): void {
    this.#cancel();
    this.#cancel = this.#clock.after(this.#leaseMs, () => this.#end());
  }

  #end(): void {
    if (this.#over) return;
    this.close();
    this.#handlers.onEnd(!this.#complete);
  }
}
