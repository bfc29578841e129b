/**
 * shared-channel.ts: several programs on one channel (the wrapper's verb `share`), each as if it had one of its own.
 *
 *   stdin    @run NONCE, program, @program-end NONCE        stdout   @part NONCE 1|2 BYTES, then so many bytes of the
 *            @stop NONCE                                             program's standard output (1) or error (2)
 *            lease                                                   @exit NONCE STATUS
 *
 * A part is whole by construction (deploy/wrapper), so one program's output never cuts another's, and what a program prints
 * cannot look like a head: heads are found by counting. A head that makes no sense means that the count is lost; the channel is
 * then given up, and its programs start anew.
 */
import { Duplex, PassThrough } from "node:stream";
import { hangUp, keepLease, type CommandChannel, type OpenCommand, type RunningCommand } from "./open-command.ts";
import type { ExitStatus } from "./ssh.ts";

/** A head is at most `@part `, 32 digits, and two numbers. */
const MAX_HEAD = 64;
const MAX_PART = 65_536;
const LINE_FEED = 10;
const LOST: ExitStatus = { code: null, signal: null };

export class SharedChannel {
  readonly #open: OpenCommand;
  readonly #members = new Map<string, Member>();
  readonly #onEnd: () => void;
  /** What the wrapper itself says of its end: it concerns every member. */
  #said = "";
  #head = "";
  /** Whose bytes come next, and how many. */
  #part: { readonly to: { push(bytes: Buffer): unknown } | undefined; left: number } | undefined;
  #over = false;

  /** @param onEnd the channel is of no use any more; every member has been told */
  constructor(open: OpenCommand, onEnd: () => void) {
    this.#open = open;
    this.#onEnd = onEnd;
    open.channel.on("data", (chunk: Buffer) => this.#read(chunk));
    open.channel.stderr.on("data", (chunk: Buffer) => (this.#said = (this.#said + chunk.toString()).slice(-300)));
    keepLease(open.channel);
    void open.exit.then((status) => this.#end(status));
  }

  /** Begins a program: what is written to it first is its text, with the line that ends it. */
  add(nonce: string): RunningCommand {
    const member = new Member(nonce, (text) => this.#open.channel.write(text));
    if (this.#over) member.finish(LOST);
    else this.#members.set(nonce, member);
    return { channel: member, exit: member.exit };
  }

  /** Ends the channel, when nobody is on it any more. */
  close(): void {
    if (!this.#over) void hangUp(this.#open);
  }

  #read(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.#over) {
      if (this.#part === undefined) at = this.#readHead(chunk, at);
      else {
        const bytes = chunk.subarray(at, at + this.#part.left);
        this.#part.to?.push(bytes);
        this.#part.left -= bytes.length;
        at += bytes.length;
        if (this.#part.left === 0) this.#part = undefined;
      }
    }
  }

  #readHead(chunk: Buffer, at: number): number {
    const newline = chunk.indexOf(LINE_FEED, at);
    const end = newline < 0 ? chunk.length : newline;
    this.#head += chunk.toString("latin1", at, Math.min(end, at + MAX_HEAD));
    if (newline >= 0) {
      this.#takeHead(this.#head.split(" "));
      this.#head = "";
    } else if (this.#head.length > MAX_HEAD) this.#giveUp();
    return end + 1;
  }

  #takeHead([kind, nonce = "", third = "", fourth = ""]: readonly string[]): void {
    const member = this.#members.get(nonce);
    const bytes = Number(fourth);
    if (kind === "@part" && bytes > 0 && bytes <= MAX_PART) {
      // Of one that is not known any more the bytes are read all the same, and dropped.
      this.#part = { to: third === "2" ? member?.errors : member, left: bytes };
    } else if (kind === "@exit" && /^\d{1,3}$/.test(third)) {
      this.#members.delete(nonce);
      member?.finish({ code: Number(third), signal: null });
    } else this.#giveUp();
  }

  #giveUp(): void {
    void hangUp(this.#open);
    this.#end(LOST);
  }

  #end(status: ExitStatus): void {
    if (this.#over) return;
    this.#over = true;
    for (const member of this.#members.values()) {
      if (this.#said !== "") member.errors.push(Buffer.from(this.#said));
      member.finish(status.code === 0 ? LOST : status);
    }
    this.#members.clear();
    this.#onEnd();
  }
}

/** One program's channel. */
class Member extends Duplex implements CommandChannel {
  readonly stderr: PassThrough;
  readonly exit: Promise<ExitStatus>;
  readonly #nonce: string;
  readonly #send: (text: string) => void;
  #tell: (status: ExitStatus) => void = () => undefined;
  #state: "new" | "running" | "stopped" | "over" = "new";

  constructor(nonce: string, send: (text: string) => void) {
    super({ allowHalfOpen: true, emitClose: false });
    this.#nonce = nonce;
    this.#send = send;
    this.stderr = new PassThrough();
    this.exit = new Promise((resolve) => (this.#tell = resolve));
  }

  /** Where parts of standard error go. */
  get errors(): { push(bytes: Buffer): unknown } {
    return { push: (bytes) => this.stderr.write(bytes) };
  }

  override _read(): void {
    // What has come is pushed as it comes: whoever opened this reads it.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    // The first is the program. What follows is a lease, and the channel has one of its own.
    if (this.#state === "new") {
      this.#state = "running";
      this.#send(`@run ${this.#nonce}\n${chunk.toString("utf8")}`);
    }
    done();
  }

  override _final(done: () => void): void {
    this.close();
    done();
  }

  close(): void {
    if (this.#state === "running") this.#send(`@stop ${this.#nonce}\n`);
    else if (this.#state === "new") this.finish(LOST);
    if (this.#state === "running") this.#state = "stopped";
  }

  /** It is over, and all its output has come. */
  finish(status: ExitStatus): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.push(null);
    this.stderr.end();
    // Not before what came last has been read.
    setImmediate(() => {
      this.emit("close");
      this.#tell(status);
    });
  }
}
