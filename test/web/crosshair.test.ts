/** crosshair.test.ts: panels that share a crosshair, and when it is whose. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Crosshair, type Pointed } from "../../web/heatmap/crosshair.ts";

const AT: Pointed = { ts: 1_700_000_000, value: 4e6, unit: "ns" };

function panels() {
  const crosshair = new Crosshair();
  const seen: Record<"a" | "b", (Pointed | null)[]> = { a: [], b: [] };
  const [a, b] = [{ name: "a" }, { name: "b" }];
  crosshair.follow(a, (at) => seen.a.push(at));
  crosshair.follow(b, (at) => seen.b.push(at));
  return { crosshair, seen, a, b };
}

test("what one panel points at every other panel hears, and not itself", () => {
  const { crosshair, seen, a } = panels();
  crosshair.point(a, AT);
  assert.deepEqual(seen, { a: [], b: [AT] });
});

test("a panel that the pointer has left for another cannot take the crosshair away from it", () => {
  const { crosshair, seen, a, b } = panels();
  crosshair.point(a, AT);
  crosshair.point(b, { ...AT, ts: 2 });
  crosshair.point(a, null);
  assert.deepEqual(seen.b, [AT]);
  crosshair.point(b, null);
  assert.deepEqual(seen.a, [{ ...AT, ts: 2 }, null]);
});

test("a panel that goes takes its crosshair with it, and hears no more", () => {
  const { crosshair, seen, a, b } = panels();
  crosshair.point(a, AT);
  crosshair.leave(a);
  assert.deepEqual(seen.b, [AT, null]);
  crosshair.point(b, AT);
  assert.deepEqual(seen.a, []);
});
