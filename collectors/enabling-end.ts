/**
 * enabling-end.ts: what it means that a program has ended: whether to start it again, when, and what to call the gap.
 *
 * Exit statuses are dtrace's and the wrapper's (deploy/wrapper); what dtrace said on standard error tells more than they do.
 */
import type { Cause } from "../core/host-status.ts";
import type { GapReason } from "../core/window.ts";
import { describe } from "./command.ts";
import type { DtraceMessage, MessageKind } from "./dtrace-messages.ts";
import type { ExitStatus } from "./ssh.ts";

export interface Ending {
  readonly state: "resting" | "unsupported" | "disabled";
  readonly cause: Cause;
  readonly reason: string;
  /** Why its columns are missing from now on. */
  readonly gap: GapReason;
}

const REFUSALS: Partial<Record<MessageKind, Cause>> = {
  no_privileges: "no_privileges",
  unknown_probe: "no_such_probe",
  compile_error: "does_not_compile",
  buffer_too_small: "does_not_compile",
  option_refused: "does_not_compile",
};

/** @param message the last on standard error that was no loss of data */
export function endingOf(status: ExitStatus, message: DtraceMessage | undefined): Ending {
  const reason = sentence(status, message);
  if (message?.kind === "aborted_unresponsive") {
    return { state: "disabled", cause: "unresponsive", reason, gap: "disabled" };
  }
  if (status.code === 75) return { state: "disabled", cause: "kill_switch", reason, gap: "disabled" };
  const refusal = refusalOf(status, message);
  if (refusal !== undefined) return { state: "unsupported", cause: refusal, reason, gap: "unsupported" };
  if (status.signal !== null) return { state: "resting", cause: "exit", reason, gap: "dtrace_killed" };
  if (status.code === null) return { state: "resting", cause: "channel", reason, gap: "ssh_down" };
  return { state: "resting", cause: "exit", reason, gap: "dtrace_exit" };
}

/** @returns why the host cannot run it; undefined where it ended for another reason */
export function refusalOf({ code }: ExitStatus, message: DtraceMessage | undefined): Cause | undefined {
  if (code === 127) return "no_dtrace";
  if (code === 126 || code === 77) return "refused";
  return code === 0 || message === undefined ? undefined : REFUSALS[message.kind];
}

function sentence(status: ExitStatus, message: DtraceMessage | undefined): string {
  return message === undefined ? describe(status) : `${describe(status)}: ${message.text}`;
}
