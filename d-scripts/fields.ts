/**
 * fields.ts: the fields that many metrics share, each with how it reads in D.
 *
 * Sources: the D variables pid, ppid, execname, zonename and curpsinfo are built in (illumos Dynamic Tracing Guide, chapter
 * 3; uts/common/dtrace/dtrace.c, dtrace_dif_variable). curpsinfo is a psinfo_t made by the translator in procfs.d
 * (lib/libdtrace/common/procfs.d.in).
 */
import type { Field } from "../core/metric.ts";
import type { FieldSource } from "./recipe.ts";

/** A field of a DTrace metric and its source; descriptors are lists of these. */
export interface SourcedField extends FieldSource {
  readonly field: Field;
}

export const LATENCY_TEXT = "llquantize(10,3,10,20)";

export function discrete(
  name: string,
  label: string,
  type: Field["type"] = "string",
  audience: Field["audience"] = "tenant",
): Field {
  return { name, label, arity: "discrete", type, audience };
}

export function numeric(
  name: string,
  label: string,
  type: Field["type"],
  scheme: string,
  audience: Field["audience"] = "tenant",
): Field {
  return { name, label, arity: "numeric", type, audience, scheme };
}

export const ZONENAME = discrete("zonename", "zone");

/** The zone of the thread that is on CPU when the probe fires. Linux has no zones: there all is "global". */
export const CURRENT_ZONE: SourcedField = { field: ZONENAME, d: "zonename", begin: "zonename", linux: '"global"' };

/**
 * P in Cloud Analytics' table: who did it, where the probe fires in the context of who did it.
 *
 * stringof cuts at the first NUL: a char array as a key would count with whatever an earlier, longer text left behind it.
 */
export const CURRENT_PROCESS: readonly SourcedField[] = [
  { field: discrete("pid", "process id", "number"), d: "pid", begin: "pid" },
  { field: discrete("execname", "application name"), d: "execname", begin: "execname" },
  {
    // Linux: what a longer text left behind comes along, another process's arguments among it (seen with DTrace 2.0.7).
    field: discrete("psargs", "process arguments"),
    d: "stringof(curpsinfo->pr_psargs)",
    begin: "stringof(curpsinfo->pr_psargs)",
    linux: null,
  },
  { field: discrete("ppid", "parent process id", "number"), d: "ppid", begin: "ppid" },
  {
    // p_parent is never null for a thread that is on CPU: the first processes have p0, and p0 has itself.
    field: discrete("pexecname", "parent's application name"),
    d: "stringof(curthread->t_procp->p_parent->p_user.u_comm)",
    begin: "stringof(curthread->t_procp->p_parent->p_user.u_comm)",
    linux: "stringof(curthread->real_parent->comm)",
  },
];

/** Milliseconds within the second: shows what beats in step with the clock. */
export const SUBSECOND: SourcedField = {
  field: numeric("subsecond", "time within the second", "subsecond", "lquantize(0,1000,10)"),
  d: "(walltimestamp % 1000000000) / 1000000",
};

/** The time between a start that a clause saved and now; a field of its own in each metric, so that its label says of what. */
export function latency(label: string, start: string, audience: Field["audience"] = "tenant"): SourcedField {
  return { field: numeric("latency", label, "time", LATENCY_TEXT, audience), d: `timestamp - ${start}` };
}

export function fieldsAndSources(sourced: readonly SourcedField[]): {
  fields: Field[];
  sources: Record<string, FieldSource>;
} {
  return {
    fields: sourced.map((each) => each.field),
    sources: Object.fromEntries(sourced.map(({ field, ...source }) => [field.name, source])),
  };
}

/**
 * Of the thread that a sched probe is about, where that is not the thread on CPU: arg0 is its kthread_t
 * (uts/common/dtrace/sdt_subr.c, sdt_args). The variables zonename and execname would name whoever happens to be on CPU.
 */
export const ARGUMENT_ZONE: SourcedField = {
  field: ZONENAME,
  d: "stringof(((kthread_t *)arg0)->t_procp->p_zone->zone_name)",
  begin: "stringof(((kthread_t *)arg0)->t_procp->p_zone->zone_name)",
};
export const ARGUMENT_EXECNAME: SourcedField = {
  field: discrete("execname", "application name"),
  d: "stringof(((kthread_t *)arg0)->t_procp->p_user.u_comm)",
  begin: "stringof(((kthread_t *)arg0)->t_procp->p_user.u_comm)",
};
