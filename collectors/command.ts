/**
 * command.ts: short commands over a connection, whole, however they end.
 *
 * Both outputs are always drained: dtrace blocks for ever on an unread standard error, and the kernel kills an enabling whose
 * consumer stalls. A channel whose end does not come is given up after a moment: nothing waits for a dead host.
 */
import { OperationalError } from "../core/errors.ts";
import type { Channels } from "./channels.ts";
import { CLOSE_MS, ended } from "./open-command.ts";
import type { ExitStatus } from "./ssh.ts";

const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
const MAX_ERROR_CHARACTERS = 500;

export interface ShortCommand {
  readonly command: string;
  readonly timeoutMs: number;
  /** What standard input holds; default: nothing. */
  readonly input?: string;
  /** Runs when nothing else wants to. */
  readonly background?: boolean;
  readonly signal?: AbortSignal;
}

export interface CommandResult {
  readonly status: ExitStatus;
  readonly stdout: string;
  /** The end of standard error. */
  readonly stderr: string;
}

/**
 * Runs a short command.
 *
 * @returns its standard output
 * @throws OperationalError COMMAND_FAILED with the end of standard error; SSH_CHANNEL
 */
export async function runShort(channels: Channels, command: string, timeoutMs: number): Promise<string> {
  const { status, stdout, stderr } = await runCommand(channels, { command, timeoutMs });
  if (status.code === 0) return stdout;
  throw failed(command, `${describe(status)}${stderr === "" ? "" : `: ${stderr}`}`);
}

/**
 * Runs a short command, however it ends.
 *
 * @throws OperationalError COMMAND_FAILED when it takes too long or says too much; SSH_CHANNEL
 */
export async function runCommand(channels: Channels, order: ShortCommand): Promise<CommandResult> {
  const { command, timeoutMs, input, background = false, signal } = order;
  const options = signal === undefined ? {} : { signal };
  const open = await channels.open(command, background ? "background" : "short", options);
  const { channel } = open;
  const chunks: Buffer[] = [];
  let size = 0;
  let stderr = "";
  let trouble = "";
  const giveUp = (why: string): void => {
    trouble ||= why;
    channel.close();
  };
  const timer = setTimeout(() => giveUp(`no end within ${timeoutMs} ms`), timeoutMs);
  channel.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_OUTPUT_BYTES) giveUp(`more than ${MAX_OUTPUT_BYTES} bytes`);
    else chunks.push(chunk);
  });
  channel.stderr.on("data", (chunk: Buffer) => {
    stderr = (stderr + chunk.toString("utf8").slice(-MAX_ERROR_CHARACTERS)).slice(-MAX_ERROR_CHARACTERS);
  });
  channel.end(input);
  const status = await ended(open, timeoutMs + CLOSE_MS);
  clearTimeout(timer);
  if (trouble !== "") throw failed(command, trouble);
  return { status, stdout: Buffer.concat(chunks).toString("utf8"), stderr: stderr.trim() };
}

export function describe({ code, signal }: ExitStatus): string {
  if (code !== null) return `exit status ${code}`;
  return signal === null ? "the channel closed" : `killed by ${signal}`;
}

function failed(command: string, why: string): OperationalError {
  return new OperationalError("COMMAND_FAILED", `run "${command.slice(0, 80)}": ${why}`);
}
