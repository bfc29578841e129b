/**
 * The service keeps answering a healthy collector while a broken one sends it mutants, whole by their digests.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { verifyBatch } from "../../ingest/arrow-verifier.ts";
import { postBatch, startApi, type Api } from "../api/api-fixture.ts";
import { batchOf, mutant, type Body } from "./arrow-mutants.ts";
import { judge } from "./arrow-oracle.ts";
import { LONG } from "../long.ts";
import { SPECIALS } from "./arrow-specials.ts";

/** Of which a fifth pass. The verifier alone sees 20,000: arrow-verifier.test.ts. */
const MUTANTS = LONG ? 200 : 75;
const PASSING = MUTANTS / 5;
/** Yesterday at noon (UTC): what is older than two days would become a gap. */
const RECENT = Math.floor(Date.now() / 86_400_000) * 86_400 - 43_200;

describe("ingest under mutants", () => {
  let api: Api;
  before(async () => {
    api = await startApi([]);
  });
  after(() => api.close());

  test("refuses each or stores it, and answers a healthy collector's batches in between", async () => {
    const answers = new Map<number, number>();
    let healthy = 0;
    for (const [i, body] of broken().entries()) {
      const { bytes, rows } = body;
      const answer = await postBatch(api, `broken-${i}`, 1, batchOf(1, 1), { body: bytes, rows });
      const verdict = judge(verifyBatch, body);
      const refusal = "refused" in verdict && verdict.refused === "BATCH_VERSION" ? 503 : 400;
      const expected = "refused" in verdict ? refusal : 200;
      assert.equal(answer.status, expected, `${body.name}: ${answer.text}`);
      answers.set(answer.status, (answers.get(answer.status) ?? 0) + 1);
      if (i % 10 > 0) continue;
      const good = await postBatch(api, "healthy", ++healthy, batchOf(3, 4, RECENT));
      assert.equal(good.text, '{"outcome":"stored"}');
    }
    assert.ok(
      (answers.get(200) ?? 0) >= PASSING && (answers.get(400) ?? 0) >= MUTANTS / 2,
      JSON.stringify([...answers]),
    );
    const [row] = await api.services.store.query<{ rows: number }>(
      "SELECT toUInt32(count()) AS rows FROM windows WHERE stream = 'healthy' AND kind != 2",
    );
    assert.equal(row?.rows, 4 * healthy);
  });
});

/** Special ones, some as they come, and some that pass: what they hold must not upset the store either. */
function broken(): Body[] {
  const bodies: Body[] = SPECIALS.slice(0, MUTANTS / 5).filter((body) => body.rows > 0);
  const passing: Body[] = [];
  for (let seed = 1; bodies.length < MUTANTS - PASSING || passing.length < PASSING; seed++) {
    const body = mutant(1_000_000 + seed);
    if (bodies.length < MUTANTS - PASSING) bodies.push(body);
    else if ("batch" in judge(verifyBatch, body)) passing.push(body);
  }
  return [...bodies, ...passing];
}
