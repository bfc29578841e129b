/**
 * command.ts: commands over a connection: short ones, whole; long ones, as streams that a lease keeps alive.
 *
 * Both outputs are always drained: dtrace blocks for ever on an unread standard error, and the kernel kills an enabling whose
 * consumer stalls.
 */
import { OperationalError } from "../core/errors.ts";
import type { Channel, ExitStatus, SshConnection } from "./ssh.ts";

const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
const LEASE_MS = 2_000;

/**
 * Runs a short command.
 *
 * @returns its standard output
 * @throws OperationalError COMMAND_FAILED with the end of standard error; SSH_CHANNEL
 */
export async function runShort(connection: SshConnection, command: string, timeoutMs: number): Promise<string> {
  const { channel, exit } = await connection.exec(command);
  channel.end();
  const chunks: Buffer[] = [];
  let size = 0;
  let errors = "";
  const timer = setTimeout(() => channel.close(), timeoutMs);
  channel.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_OUTPUT_BYTES) channel.close();
    else chunks.push(chunk);
  });
  channel.stderr.on("data", (chunk: Buffer) => (errors = (errors + chunk.toString("utf8")).slice(-500)));
  const status = await exit;
  clearTimeout(timer);
  if (status.code === 0) return Buffer.concat(chunks).toString("utf8");
  throw new OperationalError(
    "COMMAND_FAILED",
    `run "${command}": ${describe(status)}${errors === "" ? "" : `: ${errors.trim()}`}`,
  );
}

export function describe({ code, signal }: ExitStatus): string {
  if (code !== null) return `exit status ${code}`;
  return signal === null ? "the channel closed" : `killed by ${signal}`;
}

/** Writes the line that keeps a remote command alive, until the channel closes. */
export function keepLease(channel: Channel): void {
  const timer = setInterval(() => {
    if (channel.writable) channel.write("lease\n");
  }, LEASE_MS);
  channel.on("close", () => clearInterval(timer));
}
