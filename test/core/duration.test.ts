/**
 * How durations are written, on the page, in commands and in what `isotherm check` finds.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { durationText } from "../../core/duration.ts";

describe("a duration", () => {
  const rows: [seconds: number, text: string, fine: string][] = [
    [-5, "0 s", "0 s"],
    [0, "0 s", "0 s"],
    [0.25, "0 s", "250 ms"],
    [0.9996, "1 s", "1 s"],
    [1.54, "2 s", "1.5 s"],
    [59.97, "1 min", "1 min"],
    [60, "1 min", "1 min"],
    [90, "90 s", "90 s"],
    [119.4, "119 s", "119 s"],
    [120, "2 min", "2 min"],
    [359, "5 min", "5 min"],
    [3600, "1 h", "1 h"],
    [5400, "1 h 30 min", "1 h 30 min"],
    [11 * 3600 + 59 * 60, "11 h", "11 h"],
    [3 * 86_400 + 4 * 3600 + 59, "3 d 4 h", "3 d 4 h"],
    [400 * 86_400, "1 y 35 d", "1 y 35 d"],
  ];
  for (const [seconds, text, fine] of rows) {
    test(`of ${seconds} s is ${text}${fine === text ? "" : `, and where milliseconds count ${fine}`}`, () =>
      assert.deepEqual([durationText(seconds), durationText(seconds, "ms")], [text, fine]));
  }
});
