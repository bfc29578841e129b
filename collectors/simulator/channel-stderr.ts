/**
 * channel-stderr.ts: standard error of an ssh channel that takes turns with standard output.
 *
 * Both share the channel's window. ssh2 1.17 (server.js, CHANNEL_WINDOW_ADJUST) wakes only one of two writers that wait for
 * it, and when standard error waits after standard output has, sends the latter's last chunk again. So only one may
 * ever wait: standard error writes when standard output is through, and holds it back meanwhile.
 */
import { Writable } from "node:stream";

/** What ssh2's server channel is, as far as this needs; the two private fields are the chunk that it forgets to forget. */
interface SharedChannel extends Writable {
  readonly stderr: Writable;
  _chunk?: unknown;
  _chunkcb?: unknown;
}

const NOTHING = Buffer.alloc(0);

export function stderrOf(channel: Writable & { readonly stderr: Writable }): Writable {
  return new Writable({
    write: (bytes: Buffer, _encoding, done) => whenIdle(channel, () => writeAlone(channel, bytes, done)),
  });
}

/** Calls back once everything written to the channel is on its way. */
function whenIdle(channel: Writable, callback: () => void): void {
  if (channel.writableLength === 0) callback();
  else channel.write(NOTHING, () => whenIdle(channel, callback));
}

function writeAlone(channel: SharedChannel, bytes: Buffer, done: () => void): void {
  channel._chunk = undefined;
  channel._chunkcb = undefined;
  channel.cork();
  channel.stderr.write(bytes, () => {
    channel.uncork();
    done();
  });
}
