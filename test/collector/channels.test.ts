/**
 * Who may open a channel, and when: on a connection made for the test.
 */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { describe, test } from "node:test";
import { Channels, type ChannelUse, type OpenCommand } from "../../collectors/channels.ts";
import type { ExitStatus, SshConnection } from "../../collectors/ssh.ts";

/** A connection on which commands go on until they are told to end. */
function fakeConnection() {
  const closed = new EventEmitter();
  const ends = new Map<string, (status: ExitStatus) => void>();
  const connection: SshConnection = {
    exec: (command) =>
      command === "refused"
        ? Promise.reject(new Error("no"))
        : Promise.resolve({
            channel: new PassThrough() as unknown as OpenCommand["channel"],
            exit: new Promise<ExitStatus>((resolve) => ends.set(command, resolve)),
          }),
    onClose: (listener) => void closed.once("close", listener),
    close: () => void closed.emit("close"),
  };
  return {
    connection,
    open: () => [...ends.keys()],
    end: (command: string) => ends.get(command)?.({ code: 0, signal: null }),
  };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("channels", () => {
  const open = async (channels: Channels, uses: Record<string, ChannelUse>) => {
    const opened = new Map<string, OpenCommand>();
    for (const [command, use] of Object.entries(uses)) {
      channels
        .open(command, use)
        .then((each) => opened.set(command, each))
        .catch(() => undefined);
    }
    await settled();
    return opened;
  };

  test("start two programs at once, and run six", async () => {
    const { connection, end } = fakeConnection();
    const channels = new Channels(connection);
    const opened = await open(
      channels,
      Object.fromEntries("abcdefgh".split("").map((name) => [name, "program" as const])),
    );
    assert.deepEqual([...opened.keys()].join(""), "ab");
    for (const name of "abcdefgh") {
      opened.get(name)?.started();
      await settled();
    }
    assert.deepEqual([...opened.keys()].join(""), "abcdef");
    end("c");
    await settled();
    assert.deepEqual([...opened.keys()].join(""), "abcdefg");
  });

  test("keep room for short commands, one after another, and let the background wait for all", async () => {
    const { connection, end } = fakeConnection();
    const channels = new Channels(connection);
    const opened = await open(channels, {
      p: "program",
      compile: "background",
      q: "program",
      r: "program",
      zones: "short",
      vms: "short",
      kstat: "stream",
    });
    assert.deepEqual([...opened.keys()].sort(), ["kstat", "p", "q", "zones"]);
    end("zones");
    await settled();
    assert.ok(opened.has("vms"));
    end("vms");
    for (const name of "pqr") {
      opened.get(name)?.started();
      await settled();
    }
    assert.ok(opened.has("r") && opened.has("compile"));
  });

  test("are free again when a command is refused, ends, or is given up", async () => {
    const { connection } = fakeConnection();
    const channels = new Channels(connection);
    await assert.rejects(channels.open("refused", "short"));
    const first = await channels.open("zones", "short");
    first.release();
    assert.deepEqual(await first.exit, { code: null, signal: null });
    await channels.open("vms", "short");
  });

  test("are not waited for by who has changed their mind, or after the connection is lost", async () => {
    const { connection } = fakeConnection();
    const channels = new Channels(connection);
    await channels.open("zones", "short");
    const stop = new AbortController();
    const cancelled = channels.open("vms", "short", { signal: stop.signal });
    const lost = channels.open("version", "short");
    stop.abort();
    await assert.rejects(cancelled, { code: "SSH_CHANNEL" });
    connection.close();
    await assert.rejects(lost, { code: "SSH_CHANNEL" });
    await assert.rejects(channels.open("later", "program"), { code: "SSH_CHANNEL" });
  });
});
