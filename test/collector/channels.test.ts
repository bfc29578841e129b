/**
 * Who may open a channel, and when: on a connection made for the test.
 */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { Duplex, PassThrough } from "node:stream";
import { describe, test } from "node:test";
import { Channels, type ChannelUse } from "../../collectors/channels.ts";
import type { OpenCommand } from "../../collectors/open-command.ts";
import type { ExitStatus, RemoteCommand, SshConnection } from "../../collectors/ssh.ts";

class FakeChannel extends Duplex {
  readonly stderr = new PassThrough();
  /** What the command was told. */
  said = "";
  readonly close: () => void;

  constructor(close: () => void) {
    super({ read: () => undefined });
    this.close = () => {
      close();
      // As ssh2's: it is over, and says so.
      this.destroy();
    };
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.said += chunk.toString();
    done();
  }
}

/** A connection on which commands go on until they are told to end. */
function fakeConnection() {
  const closed = new EventEmitter();
  const ends = new Map<string, (status: ExitStatus) => void>();
  const channels = new Map<string, FakeChannel>();
  const channelOf = (command: string): FakeChannel => {
    const channel = new FakeChannel(() => ends.get(command)?.({ code: 0, signal: null }));
    channels.set(command, channel);
    return channel;
  };
  const connection: SshConnection = {
    exec: (command) =>
      command === "refused"
        ? Promise.reject(new Error("no"))
        : Promise.resolve({
            channel: channelOf(command) as unknown as RemoteCommand["channel"],
            exit: new Promise<ExitStatus>((resolve) => ends.set(command, resolve)),
          }),
    onClose: (listener) => void closed.once("close", listener),
    close: () => void closed.emit("close"),
  };
  return {
    connection,
    open: () => [...ends.keys()],
    channel: (command: string) => channels.get(command),
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

  test("start two programs at once, and run five; one more where it takes over from one that runs", async () => {
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
    assert.deepEqual([...opened.keys()].join(""), "abcde");
    assert.deepEqual([...(await open(channels, { x: "successor", y: "successor" })).keys()], ["x"]);
    end("x");
    end("c");
    await settled();
    assert.deepEqual([...opened.keys()].join(""), "abcde", "the second successor goes first");
    end("d");
    await settled();
    assert.deepEqual([...opened.keys()].join(""), "abcdef");
  });

  test("are shared by programs beyond four, up to what the host can; what one prints is no other's, nor a head", async () => {
    const { connection, open: started, channel } = fakeConnection();
    const channels = new Channels(connection);
    channels.mayShare(2);
    const opened = new Map<string, OpenCommand>();
    const ask = async (nonce: string): Promise<void> => {
      channels
        .open(`run ${nonce}`, "program")
        .then((each) => {
          opened.set(nonce, each);
          each.started();
        })
        .catch(() => undefined);
      await settled();
    };
    for (const nonce of "abcdefg") await ask(nonce);
    assert.equal([...opened.keys()].join(""), "abcdef");
    assert.deepEqual(started(), ["run a", "run b", "run c", "run d", "share"]);
    const shared = channel("share");
    assert.ok(shared);
    opened.get("e")?.channel.write("text of e\n@program-end e\n");
    opened.get("e")?.channel.write("lease\n");
    opened.get("f")?.channel.write("text of f\n@program-end f\n");
    assert.equal(
      shared.said,
      "@run e\ntext of e\n@program-end e\n@run f\ntext of f\n@program-end f\n",
      "and no lease but its own",
    );
    const heard = new Map([
      ["e", ""],
      ["f", ""],
    ]);
    for (const nonce of "ef")
      opened
        .get(nonce)
        ?.channel.on("data", (chunk: Buffer) => heard.set(nonce, `${heard.get(nonce) ?? ""}${chunk.toString()}`));
    for (const piece of ["@part e 1 3\nab", "c@part f 1 13\n@exit e", " 0\nabc@ex", "it e 3\n"]) {
      shared.push(piece);
      await settled();
    }
    assert.deepEqual(await opened.get("e")?.exit, { code: 3, signal: null });
    assert.deepEqual([...heard.values()], ["abc", "@exit e 0\nabc"]);
    await settled();
    assert.ok(opened.has("g"), "its place is free");
    opened.get("f")?.channel.end();
    await settled();
    assert.ok(shared.said.endsWith("@stop f\n"));
    shared.push("no head at all\n");
    assert.deepEqual(await opened.get("f")?.exit, { code: null, signal: null }, "given up: the count is lost");
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
