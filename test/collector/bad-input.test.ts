/**
 * Programs that go wrong, in a process of their own: a line of 10 MB keeps the simulator and its reader busy.
 */
import { describe } from "node:test";
import { badInput } from "./bad-input.ts";

describe("a collector and programs that go wrong", { concurrency: true }, () => {
  badInput();
});
