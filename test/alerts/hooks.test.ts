/**
 * Where a hook may send to, and what becomes of it there. Names are resolved, and connections made, by the test: no packet leaves the machine, and
 * the address that would have been connected to is what is asserted.
 */
import assert from "node:assert/strict";
import { connect as tcpConnect, createServer, type AddressInfo, type Socket } from "node:net";
import { describe, test } from "node:test";
import { OperationalError } from "../../core/errors.ts";
import { isSigned, isWorthRetrying, post, problemOf, signature } from "../../query-api/alerts/send.ts";
import { checkTarget, isPublic, type TargetRules } from "../../query-api/alerts/target.ts";
import { startReceiver } from "./bed.ts";

const PUBLIC = "93.184.216.34";

function rulesOf(
  addresses: Readonly<Record<string, readonly string[]>>,
  allowTargets: readonly string[] = [],
): TargetRules {
  return { allowTargets, resolve: (name) => Promise.resolve(addresses[name] ?? []) };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "";
  } catch (error) {
    assert.ok(error instanceof OperationalError, String(error));
    return error.code;
  }
}

describe("the target of a hook", () => {
  const refused: Readonly<Record<string, string>> = {
    loopback: "https://127.0.0.1/",
    "loopback as one number": "https://2130706433/",
    "loopback in octal": "https://0177.0.0.1/",
    "loopback in hexadecimal": "https://0x7f.1/",
    "loopback, short": "https://127.1/",
    "loopback of version 6": "https://[::1]/",
    "loopback of version 4 in version 6": "https://[::ffff:127.0.0.1]/",
    "loopback by its other spelling in version 6": "https://[::ffff:7f00:1]/",
    "any address": "https://0.0.0.0/",
    "a private network": "https://10.1.2.3/",
    "another private network": "https://192.168.1.1/",
    "a carrier's network": "https://100.64.0.1/",
    "a cloud's metadata": "https://169.254.169.254/latest/meta-data/",
    "a cloud's metadata of version 6": "https://[fd00:ec2::254]/",
    "a link's own": "https://[fe80::1]/",
    "6to4 of loopback": "https://[2002:7f00:1::]/",
    Teredo: "https://[2001::1]/",
    "NAT64 of loopback": "https://[64:ff9b::7f00:1]/",
    documentation: "https://[2001:db8::1]/",
    multicast: "https://224.0.0.1/",
    "no https": "http://hooks.example.com/",
    "a user in it": "https://user:secret@hooks.example.com/",
    "another scheme": "file:///etc/passwd",
    "a port of another service": "https://hooks.example.com:22/",
    "a name of loopback": "https://localhost/",
    "a name with one public address and one that is not": "https://mixed.example.com/",
  };
  const rules = rulesOf({
    "hooks.example.com": [PUBLIC],
    "mixed.example.com": [PUBLIC, "127.0.0.1"],
    localhost: ["127.0.0.1"],
  });
  for (const [name, url] of Object.entries(refused)) {
    test(`is refused where it is ${name}`, async () => {
      for (const isOperator of [false, true])
        assert.equal(await codeOf(checkTarget(url, isOperator, rules)), "HOOK_TARGET");
    });
  }

  test("is the address that was checked, and not what the name says a moment later", async () => {
    let asked = 0;
    const rebinding: TargetRules = {
      allowTargets: [],
      resolve: () => Promise.resolve([asked++ === 0 ? PUBLIC : "127.0.0.1"]),
    };
    const target = await checkTarget("https://hooks.example.com/x", false, rebinding);
    const connected: string[] = [];
    const attempt = post({
      target,
      body: "{}",
      secret: "",
      idempotencyKey: "k",
      connect: (address, port) => {
        connected.push(`${address}:${port}`);
        return tcpConnect({ host: "127.0.0.1", port: 1 });
      },
    });
    assert.equal(await codeOf(attempt), "HOOK_FAILED");
    assert.deepEqual(connected, [`${PUBLIC}:443`]);
    assert.equal(asked, 1);
  });

  test("may be an internal one that operators have named, for operators only", async () => {
    const named = rulesOf({ "pager.internal": ["10.0.0.5"] }, ["pager.internal:9093"]);
    assert.equal((await checkTarget("http://pager.internal:9093/x", true, named)).address, "10.0.0.5");
    assert.equal(await codeOf(checkTarget("http://pager.internal:9093/x", false, named)), "HOOK_TARGET");
    assert.equal(await codeOf(checkTarget("http://pager.internal:9094/x", true, named)), "HOOK_TARGET");
  });

  test("knows public addresses of both versions", () => {
    for (const address of [PUBLIC, "8.8.8.8", "2606:4700::1111", "2a00:1450::1"]) assert.ok(isPublic(address), address);
    for (const address of ["", "x", "::", "ff02::1", "fc00::1", "198.18.0.1", "255.255.255.255"])
      assert.ok(!isPublic(address), address);
  });
});

describe("an attempt", () => {
  /** A server that does with each connection what it is told. */
  async function withServer(
    serve: (socket: Socket) => void,
    use: (url: URL, port: number) => Promise<void>,
  ): Promise<void> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
      serve(socket);
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as AddressInfo;
    try {
      await use(new URL(`http://127.0.0.1:${port}/hook`), port);
    } finally {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    }
  }
  const attempt = (url: URL, port: number, deadlineMs = 400): Promise<void> =>
    post({ target: { url, address: "127.0.0.1", port }, body: "{}", secret: "s", idempotencyKey: "k", deadlineMs });
  const answers = (text: string) => (socket: Socket) => socket.once("data", () => socket.write(text));

  test("that is answered with 2xx has arrived, and carries what proves who sent it", async () => {
    const receiver = await startReceiver();
    const url = new URL(receiver.url);
    await post({
      target: { url, address: "127.0.0.1", port: Number(url.port) },
      body: '{"a":1}',
      secret: "a secret",
      idempotencyKey: "key-1",
    });
    const [received] = receiver.received;
    assert.equal(received?.headers["idempotency-key"], "key-1");
    assert.ok(isSigned(String(received.headers["isotherm-signature"]), "a secret", received.text, Date.now() / 1000));
    await receiver.close();
  });

  const failures: Readonly<Record<string, readonly [serve: (socket: Socket) => void, code: string, retried: boolean]>> =
    {
      hangs: [() => undefined, "HOOK_FAILED", true],
      drips: [
        (socket) =>
          void socket.once("data", () => {
            const drip = setInterval(() => socket.write("H"), 20);
            socket.once("close", () => clearInterval(drip));
          }),
        "HOOK_FAILED",
        true,
      ],
      "breaks off": [(socket) => void socket.once("data", () => socket.destroy()), "HOOK_FAILED", true],
      redirects: [
        answers("HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n"),
        "HOOK_REFUSED",
        true,
      ],
      "answers 500": [answers("HTTP/1.1 500 x\r\ncontent-length: 0\r\n\r\n"), "HOOK_REFUSED", true],
      "answers 400": [answers("HTTP/1.1 400 x\r\ncontent-length: 0\r\n\r\n"), "HOOK_REFUSED", false],
    };
  for (const [name, [serve, code, retried]] of Object.entries(failures)) {
    test(`at a target that ${name} fails in time, and ${retried ? "is worth another" : "is not worth another"}`, async () => {
      await withServer(serve, async (url, port) => {
        const begun = Date.now();
        const error: unknown = await attempt(url, port).then(
          () => undefined,
          (cause: unknown) => cause,
        );
        assert.ok(error instanceof OperationalError);
        assert.equal(error.code, code);
        assert.equal(isWorthRetrying(error), retried);
        assert.ok(Date.now() - begun < 10_000);
        assert.ok(!problemOf(error).includes("127.0.0.1"), "what is there is nobody's to learn");
      });
    });
  }

  const taken: Readonly<Record<string, (socket: Socket) => void>> = {
    "and then nothing": answers("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"),
    "and then breaks off": (socket) =>
      void socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf", () => socket.destroy());
      }),
    "and drips the rest": (socket) =>
      void socket.once("data", () => {
        socket.write("HTTP/1.1 204 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        const drip = setInterval(() => socket.write("1\r\nx\r\n"), 20);
        socket.once("close", () => clearInterval(drip));
      }),
  };
  for (const [name, serve] of Object.entries(taken)) {
    test(`at a target that answers 2xx ${name} has arrived: it is not sent again`, () =>
      withServer(serve, (url, port) => attempt(url, port)));
  }

  test("reads 64 kB of a longer answer, which has arrived by then", async () => {
    let written = 0;
    const endless = (socket: Socket): void =>
      void socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n");
        const chunk = "x".repeat(16_384);
        const more = (): void => {
          while (!socket.destroyed && written < 1e8) {
            written += chunk.length;
            if (!socket.write(chunk)) return;
          }
        };
        socket.on("drain", more);
        more();
      });
    await withServer(endless, (url, port) => attempt(url, port, 2000));
    assert.ok(written < 3e7, `${written} bytes were taken`);
  });

  test("nobody listens to is told of as that", async () => {
    const error: unknown = await attempt(new URL("http://127.0.0.1:1/"), 1).catch((cause: unknown) => cause);
    assert.equal(problemOf(error), "send to a hook: ECONNREFUSED");
  });
});

describe("a signature", () => {
  const now = 1_790_000_000;
  const header = signature("secret", "body", now);
  const cases: Readonly<
    Record<string, readonly [header: string, secret: string, body: string, nowSec: number, right: boolean]>
  > = {
    "is right": [header, "secret", "body", now + 299, true],
    "is of another secret": [header, "other", "body", now, false],
    "is of another body": [header, "secret", "bodY", now, false],
    "was sent again after five minutes": [header, "secret", "body", now + 301, false],
    "has another time than it was made for": [
      header.replace(`t=${now}`, `t=${now + 10}`),
      "secret",
      "body",
      now,
      false,
    ],
    "is cut short": [header.slice(0, -2), "secret", "body", now, false],
    "is not there": ["", "secret", "body", now, false],
  };
  for (const [name, [given, secret, body, nowSec, right]] of Object.entries(cases)) {
    test(`that ${name} is ${right ? "accepted" : "rejected"}`, () =>
      assert.equal(isSigned(given, secret, body, nowSec), right));
  }
});
