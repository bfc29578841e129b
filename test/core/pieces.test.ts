/**
 * An answer that goes silent can be given up, also after a collection of garbage.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { eitherSignal } from "../../core/either-signal.ts";
import { piecesOf } from "../../core/pieces.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

test("a silent answer ends with the signal, whatever has been collected meanwhile", async () => {
  const server = createServer((_request, response) => response.writeHead(200).write("first"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const silence = new AbortController();
  const either = eitherSignal(new AbortController().signal, silence.signal);
  try {
    const { port } = server.address() as AddressInfo;
    const pieces = piecesOf(await fetch(`http://127.0.0.1:${port}/`, { signal: either.signal }), either.signal);
    const first = (await pieces.next()) as IteratorYieldResult<Uint8Array>;
    assert.equal(new TextDecoder().decode(first.value), "first");
    const next = pieces.next();
    for (let i = 0; i < 20; i++) {
      await turn();
      collectGarbage();
    }
    silence.abort(new Error("nothing was heard"));
    await assert.rejects(next, /nothing was heard/);
  } finally {
    either.release();
    server.closeAllConnections();
    server.close();
  }
});

test("whichever signal fires first is the reason, also where it has fired before", () => {
  const [one, other] = [new AbortController(), new AbortController()];
  const either = eitherSignal(one.signal, other.signal);
  other.abort("other");
  one.abort("one");
  assert.equal(either.signal.reason, "other");
  assert.equal(eitherSignal(one.signal).signal.aborted, true);
});
