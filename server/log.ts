/**
 * log.ts: the one door to pino: structured lines on standard error, so that standard output stays the program's answer.
 */
import pino, { type Logger } from "pino";

export type Log = Logger;

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** Secrets never reach a line, even where an object that holds one is logged whole. */
const REDACT = ["password", "token", "secret", "authorization", "*.password", "*.token", "*.authorization"];

export function createLog(level: LogLevel): Log {
  return pino({ level, base: null, redact: REDACT, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2));
}

/** A log that says nothing, for tests and programs that speak for themselves. */
export function silentLog(): Log {
  return pino({ level: "silent" });
}
