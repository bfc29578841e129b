/**
 * reasons.ts: why data are missing, in words (the codes are GAP_REASONS of core/window.ts).
 */
import type { GapReason } from "../../core/window.ts";

const REASONS: Record<GapReason, string> = {
  ssh_down: "the host could not be reached",
  dtrace_exit: "dtrace ended",
  dtrace_killed: "dtrace was killed on the host",
  host_reboot: "the host rebooted",
  late_tick: "the host was too late",
  bad_frame: "the host's output was damaged",
  counter_reset: "a counter started again",
  spool_overflow: "the collector's spool was full",
  spool_corrupt: "the collector's spool was damaged",
  quarantined: "the batch was refused",
  collector_down: "the collector was down",
  auth: "the collector's token was refused",
  disabled: "not enabled at that time",
  unsupported: "the host cannot measure this",
  too_late: "it came more than two days late",
};

export function reasonText(reason: string): string {
  return reason in REASONS ? REASONS[reason as GapReason] : reason.replaceAll("_", " ");
}
