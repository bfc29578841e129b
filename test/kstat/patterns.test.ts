import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { kstatPatterns } from "../../collectors/kstat-patterns.ts";
import { catalogue } from "../../d-scripts/catalogue.ts";

function patterns(...lists: readonly (readonly string[])[]): string[] {
  return kstatPatterns(lists.map((each) => ({ patterns: each })));
}

describe("one stream's patterns", () => {
  test("are those of all recipes, each once, in one order", () => {
    assert.deepEqual(patterns(["zones:::", "caps:::"], ["zones:::"], []), ["caps:::", "zones:::"]);
    assert.deepEqual(patterns(), []);
  });

  test("leave out what another covers, since a kstat meant twice might be printed twice", () => {
    assert.deepEqual(patterns(["zfs:0:arcstats:", "zfs:::", "cpu::sys:"]), ["cpu::sys:", "zfs:::"]);
    assert.deepEqual(patterns(["zones:::", "zones:*::"]), ["zones:*::"]);
  });

  test("may be classes, whatever the module, beside the others", () => {
    assert.deepEqual(patterns(["class:disk", "sd:::"], ["class:disk"]), ["class:disk", "sd:::"]);
  });

  const wrong = [
    "class:",
    "class:Disk",
    "class:a:b",
    "",
    "zones",
    "zones::",
    "zones::::",
    "zones:::nsec_user",
    "-j:::",
    "a b:::",
    "a;b:::",
    "$x:::",
    "a?:::",
    "a\n:::",
  ];
  for (const pattern of wrong) {
    test(`${JSON.stringify(pattern)} is refused`, () => {
      assert.throws(() => patterns(["zones:::", pattern]), RangeError);
    });
  }

  test("of the whole catalogue are well-formed", () => {
    const recipes = [...catalogue.values()].flatMap(({ recipe }) => (recipe.kind === "kstat" ? [recipe] : []));
    assert.ok(kstatPatterns(recipes).includes("zone_vfs:::"));
  });
});
