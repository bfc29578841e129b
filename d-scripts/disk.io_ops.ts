/**
 * disk.io_ops: operations of block devices: which, how large, where, how long. Clauses: disk.io_ops.d.
 */
import { dtraceEntry } from "./entry.ts";
import { discrete, latency, numeric } from "./fields.ts";

const OPTYPE = 'args[0]->b_flags & B_READ ? "read" : "write"';
/** b_blkno counts blocks of DEV_BSIZE, 512 bytes, whatever the disk's own are. */
const OFFSET = "args[0]->b_blkno * 512";

export const entry = dtraceEntry({
  module: "disk",
  stat: "io_ops",
  label: "disk operations",
  unit: "operations",
  type: "number",
  scope: "interval",
  audience: "operator",
  cost: "medium",
  platforms: ["smartos"],
  providers: ["io"],
  fields: [
    {
      field: discrete("disk", "disk", "string", "operator"),
      d: "args[1]->dev_statname",
      begin: "args[1]->dev_statname",
    },
    { field: discrete("optype", "operation", "string", "operator"), d: OPTYPE, begin: OPTYPE },
    {
      field: numeric("size", "size", "size", "llquantize(2,9,25,8)", "operator"),
      d: "args[0]->b_bcount",
      begin: "args[0]->b_bcount",
    },
    {
      field: numeric("offset", "offset on the disk", "size", "llquantize(10,6,14,20)", "operator"),
      d: OFFSET,
      begin: OFFSET,
    },
    latency("latency", "started[arg0]", "operator"),
  ],
});
