/**
 * tools.ts: false dtrace, kstat, zoneadm, vmadm, logger and uname, which write down how they were called.
 *
 * The false dtrace does what the first line of its program says: `fake WORD ARGUMENT` in a comment.
 */
import { chmodSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const UUID = "7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11";

export function installTools(
  folder: string,
  { system = "SunOS", awk }: { readonly system?: string; readonly awk?: string },
): void {
  const tools: Readonly<Record<string, string>> = {
    dtrace: DTRACE,
    kstat: KSTAT,
    zoneadm: ZONEADM,
    zpool: ZPOOL,
    vmadm: VMADM,
    logger: `printf '%s\\n' "$*" >>"$here/syslog"`,
    uname: `case $1 in -s) echo ${system} ;; -n) echo cn-01 ;; -v) echo joyent_20260101T000000Z ;; esac`,
  };
  for (const [name, body] of Object.entries(tools)) {
    const path = join(folder, "bin", name);
    writeFileSync(path, `#!/bin/sh\nhere='${folder}'\n${body}\n`);
    chmodSync(path, 0o755);
  }
  if (awk !== undefined) {
    const [file = "", applet] = awk.split(" ");
    const path = join(folder, "bin", "awk");
    if (applet === undefined) symlinkSync(file, path);
    else {
      writeFileSync(path, `#!/bin/sh\nexec ${awk} "$@"\n`);
      chmodSync(path, 0o755);
    }
  }
}

const DTRACE = `
case $1 in -V) echo 'dtrace: Sun D 1.13.1'; exit 0 ;; esac
printf '%s\\n' "$*" >>"$here/dtrace.argv"
env >"$here/dtrace.env"
echo $$ >"$here/dtrace.pid"
cat program.d >"$here/program.d"
read -r _ fake what argument _ <program.d
[ "$fake" = fake ] || what=ticks
if [ "$1" = -e ]; then
  case $what in
    broken) echo 'dtrace: failed to compile script program.d: line 2: syntax error near ";"' >&2; exit 1 ;;
    slow) exec sleep 300 ;;
  esac
  exit 0
fi
case $what in
  ticks)
    trap 'echo END; exit 0' TERM
    while :; do echo tick; sleep 0.1 & wait $!; done ;;
  exit) echo out; echo 'dtrace: could not enable tracing: oops' >&2; exit "$argument" ;;
  lines) exec awk -v word="$argument" 'BEGIN { for (i = 1; i <= 20000; i++) print word, i, "................................" }' ;;
  flood) exec yes '@row "0123456789abcdef" "0123456789abcdef" 42' ;;
  busy) echo started; exec awk 'BEGIN { while (1) n++ }' ;;
  quiet) echo started; exec sleep 300 ;;
  stubborn) trap '' TERM; echo started; exec sleep 300 ;;
  gone) echo started; kill -KILL $$ ;;
esac`;

const KSTAT = `
case $* in '-p unix:0:system_misc:boot_time') printf 'unix:0:system_misc:boot_time\\t1700000000\\n'; exit 0 ;; esac
printf '%s\\n' "$*" >>"$here/kstat.argv"
case $* in
  '-p -c disk :::class') printf 'blkdev:0:blkdev0:class\\tdisk\\nsd:0:sd0:class\\tdisk\\nsd:1:sd1:class\\tdisk\\n'; exit 0 ;;
  '-p -c '*) exit 1 ;;
esac
for last; do :; done
[ "$last" = 1 ] || exit 2
while :; do printf '1700000000\\nzones:0:global:class\\tzone_misc\\n\\n'; sleep 0.1 & wait $!; done`;

const ZONEADM = `
printf '%s\\n' "$*" >>"$here/zoneadm.argv"
[ ! -e "$here/slow-zoneadm" ] || { echo 'half a list'; exec sleep 300; }
printf '0:global:running:/::liveimg:shared:0\\n3:${UUID}:running:/zones/a\\\\:b:${UUID}:joyent:excl:3\\n'`;

const ZPOOL = `
printf '%s\\n' "$*" >>"$here/zpool.argv"
printf 'zones\\t1992864825344\\t104857600\\t1992759967744\\tONLINE\\nold pool\\t1000\\t10\\t990\\tDEGRADED\\n'`;

const VMADM = `
printf '%s\\n' "$*" >>"$here/vmadm.argv"
echo '[{"uuid":"${UUID}","owner_uuid":"${UUID}","zonename":"${UUID}","alias":"web","state":"running"}]'`;
