/**
 * The fuzz of ingest's verifier is itself worth something: each check that is taken out of the verifier is missed by it.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { BODIES, lengthBombs, mutant, type Body } from "../ingest/arrow-mutants.ts";
import { judge, type Verify } from "../ingest/arrow-oracle.ts";
import { SPECIALS } from "../ingest/arrow-specials.ts";
import { CHECKS, withoutCheck } from "../ingest/arrow-verifier-mutants.ts";

const MUTANTS = 20_000;

describe("the fuzz notices a verifier", () => {
  for (const [what, file, check, instead] of CHECKS) {
    test(`that no longer checks that ${what}`, async () => {
      const verify = await withoutCheck(file, check, instead);
      assert.notEqual(firstFault(verify), undefined);
    });
  }
});

/** The first body that a verifier deals with wrongly. */
function firstFault(verify: Verify): Body | undefined {
  const passes = (body: Body): boolean => !("refused" in judge(verify, body));
  return SPECIALS.find(passes) ?? findWrong(verify, lengthBombs(BODIES[0] as Body)) ?? findWrong(verify, mutants());
}

function findWrong(verify: Verify, bodies: Iterable<Body>): Body | undefined {
  for (const body of bodies) if ("wrong" in judge(verify, body)) return body;
  return undefined;
}

function* mutants(): Generator<Body> {
  for (let seed = 1; seed <= MUTANTS; seed++) yield mutant(seed);
}
