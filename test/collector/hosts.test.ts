/**
 * A collector against simulated hosts: much at the same time, since most of it is waiting for the next second.
 */
import { describe } from "node:test";
import { disabling } from "./disabling.ts";
import { manyPrograms } from "./many-programs.ts";
import { sessions } from "./session.ts";
import { support } from "./support.ts";
import { wholeCollector } from "./whole-collector.ts";

describe("a collector and its hosts", { concurrency: true }, () => {
  disabling();
  manyPrograms();
  sessions();
  support();
  wholeCollector();
});
