/**
 * terminal-screen.ts: a whole screen that is drawn again and again, and given back as it was, however the program ends.
 *
 *   closed ──open──▶ open: another screen, no cursor, keys one by one ──close, Ctrl-C, SIGTERM, SIGHUP, broken pipe──▶ closed
 *
 * Only lines that have changed are written, and nothing while the terminal is still busy with the last: over a slow link the
 * picture is drawn less often instead of later and later. Sequences are those of xterm and ECMA-48, which tmux, screen and the
 * Linux console know; a terminal that does not know synchronized output (mode 2026) ignores it.
 */
export interface ScreenStreams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
}

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

export interface ScreenOptions {
  readonly streams: ScreenStreams;
  /** Lines for the screen as it is: at most `rows` of them, none wider than `columns`. */
  readonly draw: (size: ScreenSize) => readonly string[];
  /** A key: a letter, or "up", "down", "enter", "escape". */
  readonly onKey: (key: string) => void;
}

const OPEN = "\u001b[?1049h\u001b[?25l\u001b[2J";
const CLOSE = "\u001b[0m\u001b[?25h\u001b[?1049l";
const SYNC_BEGIN = "\u001b[?2026h";
const SYNC_END = "\u001b[?2026l";
const EVERY_MS = 100;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const KEYS: Readonly<Record<string, string>> = {
  "\u001b[A": "up",
  "\u001bOA": "up",
  "\u001b[B": "down",
  "\u001bOB": "down",
  "\r": "enter",
  "\n": "enter",
  "\u001b": "escape",
};

export class Screen {
  readonly #options: ScreenOptions;
  readonly #ended = new AbortController();
  #shown: readonly string[] = [];
  #wanted = false;
  #busy = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ScreenOptions) {
    this.#options = options;
  }

  /** Fires when the person has had enough, or the terminal is gone. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  get size(): ScreenSize {
    const { columns, rows } = this.#options.streams.stdout;
    // Undefined, or 0, where the terminal does not say.
    return { columns: Math.max(20, columns || 80), rows: Math.max(6, rows || 24) };
  }

  open(): void {
    const { stdin, stdout } = this.#options.streams;
    stdout.write(OPEN);
    stdout.on("resize", this.#resized);
    // EPIPE, EIO: nobody is there any more.
    stdout.on("error", this.#end);
    for (const signal of SIGNALS) process.on(signal, this.#end);
    process.on("exit", this.#restore);
    if (stdin.isTTY) {
      stdin.setRawMode(true);
      stdin.resume();
      stdin.on("data", this.#typed);
      stdin.on("end", this.#end);
    }
    this.redraw();
  }

  /** Soon, and not more often than a screen can be read. */
  redraw(): void {
    this.#wanted = true;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#wanted && !this.#busy) this.#paint();
    }, EVERY_MS);
  }

  /** Gives the terminal back as it was. */
  close(): void {
    clearTimeout(this.#timer);
    const { stdin, stdout } = this.#options.streams;
    stdout.off("resize", this.#resized);
    for (const signal of SIGNALS) process.off(signal, this.#end);
    this.#restore();
    process.off("exit", this.#restore);
    if (stdin.isTTY) {
      stdin.off("data", this.#typed);
      stdin.pause();
    }
  }

  readonly #end = (): void => {
    this.#ended.abort();
  };

  #restored = false;
  readonly #restore = (): void => {
    if (this.#restored) return;
    this.#restored = true;
    const { stdin, stdout } = this.#options.streams;
    try {
      if (stdin.isTTY) stdin.setRawMode(false);
      if (stdout.writable) stdout.write(CLOSE);
    } catch {
      // The terminal is gone: there is nothing to give back.
    }
  };

  readonly #resized = (): void => {
    this.#shown = [];
    this.redraw();
  };

  readonly #typed = (bytes: Buffer): void => {
    const text = bytes.toString("utf8");
    if (text === "\u0003" || text === "\u0004" || text === "q" || text === "Q") this.#end();
    else this.#options.onKey(KEYS[text] ?? text);
    this.redraw();
  };

  #paint(): void {
    this.#wanted = false;
    if (this.#ended.signal.aborted) return;
    const { stdout } = this.#options.streams;
    const { size } = this;
    const lines = this.#options.draw(size).slice(0, size.rows);
    const clear = this.#shown.length === 0 ? "\u001b[0m\u001b[2J" : "";
    const changed = Array.from({ length: size.rows }, (_, row): string => {
      const line = lines[row] ?? "";
      return line === (this.#shown[row] ?? "") ? "" : `\u001b[${row + 1};1H\u001b[0m\u001b[2K${line}\u001b[0m`;
    }).join("");
    this.#shown = lines;
    if (clear + changed === "") return;
    this.#busy = !stdout.write(`${SYNC_BEGIN}${clear}${changed}${SYNC_END}`);
    if (!this.#busy) return;
    stdout.once("drain", () => {
      this.#busy = false;
      if (this.#wanted) this.redraw();
    });
  }
}
