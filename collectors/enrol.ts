/**
 * enrol.ts: the wrapper and the collector's key put onto a host, and taken off it again, over an administrator's connection.
 *
 * Both are one run of a POSIX shell script with the values in variables, quoted for the shell. Files are replaced by renaming
 * a finished copy, so that an administrator is never locked out by half of an authorized_keys. Either may be run again: the
 * key has one line in each file, however often it is added.
 */
import { createHash } from "node:crypto";
import { OperationalError } from "../core/errors.ts";
import { Channels } from "./channels.ts";
import { runCommand } from "./command.ts";
import type { SshConnection } from "./ssh.ts";

export interface EnrolOptions {
  /** Where the wrapper goes; on SmartOS only some folders outlast a boot. */
  readonly folder: string;
  /** The account's keys; "~" is the administrator's home. */
  readonly authorizedKeys: string;
  /** `ssh-ed25519 AAAA...`, without a comment. */
  readonly publicKey: string;
}

export interface InstallOptions extends EnrolOptions {
  /** The whole text of deploy/wrapper/isotherm-wrapper. */
  readonly wrapper: string;
  /** The collector's addresses, as `from=` has them; "" for any. */
  readonly from: string;
}

/** What the script said, line by line: what it did, and what a person should know. */
export interface EnrolReport {
  readonly done: readonly string[];
  readonly notes: readonly string[];
}

const INSTALL_MS = 60_000;
/** SmartOS copies it to /root/.ssh at each boot, if /usbkey/config says so (docs/hosts.md). */
const USBKEY = "/usbkey/config.inc/authorized_keys";

/** @throws OperationalError ENROL_FAILED */
export function install(connection: SshConnection, options: InstallOptions): Promise<EnrolReport> {
  const { wrapper, folder, publicKey, from } = options;
  const text = wrapper.replace(/^OFF_FILES=.*$/m, () => `OFF_FILES='/var/run/isotherm.off ${folder}/off'`);
  const sha256 = createHash("sha256").update(text).digest("hex");
  const where = from === "" ? "" : `from="${from}",`;
  const line = `restrict,${where}command="${folder}/isotherm-wrapper" ${publicKey} isotherm-collector`;
  return script(connection, INSTALL, { ...names(options), line, bytes: String(Buffer.byteLength(text)), sha256 }, text);
}

/** @throws OperationalError ENROL_FAILED */
export function uninstall(connection: SshConnection, options: EnrolOptions): Promise<EnrolReport> {
  return script(connection, UNINSTALL, names(options), "");
}

/** The address that the host sees this machine come from; "" where it does not say. */
export async function addressSeen(connection: SshConnection): Promise<string> {
  const order = { command: 'echo "$SSH_CONNECTION"', timeoutMs: 10_000 };
  const { stdout } = await runCommand(new Channels(connection), order);
  const [address = ""] = stdout.trim().split(" ");
  return isFrom(address) ? address : "";
}

/** What stands in a line of authorized_keys and in the script cannot be anything. */
export function isSafePath(path: string): boolean {
  return /^(~\/|\/)[A-Za-z0-9._/+-]{1,200}$/.test(path);
}

export function isFrom(from: string): boolean {
  return /^[A-Za-z0-9.:*?!,/_-]{0,300}$/.test(from);
}

function names({ folder, authorizedKeys, publicKey }: EnrolOptions): Record<string, string> {
  return { folder, keys: authorizedKeys, usbkey: USBKEY, key: publicKey.split(" ")[1] ?? "" };
}

async function script(
  connection: SshConnection,
  body: string,
  values: Readonly<Record<string, string>>,
  input: string,
): Promise<EnrolReport> {
  const variables = Object.entries(values).map(([name, value]) => `${name}=${quoted(value)}\n`);
  const command = `sh -c ${quoted(`${variables.join("")}${HELPERS}${body}`)}`;
  const channels = new Channels(connection);
  const { status, stdout, stderr } = await runCommand(channels, { command, timeoutMs: INSTALL_MS, input });
  const lines = stdout.split("\n");
  const said = (mark: string): string[] =>
    lines.filter((each) => each.startsWith(mark)).map((each) => each.slice(mark.length));
  if (status.code !== 0 || !lines.includes("isotherm: complete")) {
    const why = stderr === "" ? `exit status ${String(status.code)}` : stderr;
    throw new OperationalError("ENROL_FAILED", `change the host: ${why.slice(0, 500)}`);
  }
  return { done: said("isotherm: done: "), notes: said("isotherm: note: ") };
}

/** One word of a POSIX shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

const HELPERS = `set -u
umask 022
PATH=/usr/xpg4/bin:$PATH
export PATH
did() { echo "isotherm: done: $*"; }
note() { echo "isotherm: note: $*"; }
die() { echo "$*" >&2; exit 1; }
case $keys in '~/'*) keys=$HOME/\${keys#??} ;; esac

# without_key FILE: prints it without the lines that have the key.
without_key() {
  awk -v key="$key" '{ for (i = 1; i <= NF; i++) if ($i == key) next; print }' "$1"
}

# set_keys FILE LINE: the key's line is this one; none where LINE is empty. The file keeps its mode and owner.
set_keys() {
  new=$1.isotherm.$$
  if [ -e "$1" ]; then cp -p "$1" "$new" || die "$1 cannot be copied"
  else (umask 077; : >"$new") || die "$1 cannot be made"
  fi
  { if [ -e "$1" ]; then without_key "$1"; fi; if [ "$2" != '' ]; then printf '%s\\n' "$2"; fi; } >"$new" ||
    { rm -f "$new"; die "$1 cannot be written"; }
  mv "$new" "$1" || { rm -f "$new"; die "$1 cannot be replaced"; }
}
`;

const INSTALL = `
# The wrapper comes on standard input. It is compared before anything that is there is touched.
mkdir -p "$folder" || die "$folder cannot be made"
new=$folder/isotherm-wrapper.new.$$
cat >"$new" || die "$new cannot be written"
[ "$(wc -c <"$new" | tr -d ' ')" = "$bytes" ] || { rm -f "$new"; die "the wrapper did not arrive whole"; }
sum=$(sha256sum "$new" 2>/dev/null || digest -a sha256 "$new" 2>/dev/null) || sum=
case $sum in ''|"$sha256"*) ;; *) rm -f "$new"; die "the wrapper arrived changed" ;; esac
chmod 755 "$new" && mv "$new" "$folder/isotherm-wrapper" || die "$folder/isotherm-wrapper cannot be replaced"
did "$folder/isotherm-wrapper is installed"

dir=\${keys%/*}
[ -d "$dir" ] || { mkdir -p "$dir" && chmod 700 "$dir"; } || die "$dir cannot be made"
set_keys "$keys" "$line"
did "$keys has the collector's key"

# A SmartOS global zone: what is not on /usbkey is gone after a boot.
if [ -d /usbkey ] && [ "$(uname -s)" = SunOS ]; then
  if [ -e "$usbkey" ]; then
    set_keys "$usbkey" "$line"
    did "$usbkey has the collector's key"
    grep '^root_authorized_keys_file=authorized_keys' /usbkey/config >/dev/null ||
      note "/usbkey/config does not name root's keys: add root_authorized_keys_file=authorized_keys, or the key is gone after a boot"
  else
    # Made here it would replace root's keys, the administrator's too, at the next boot.
    note "there is no $usbkey: the key is gone after a boot (docs/hosts.md, what persists on SmartOS)"
  fi
  case $folder in /opt/custom/*|/usbkey/*|/var/*) ;; *) note "$folder does not outlast a boot of SmartOS" ;; esac
fi
echo 'isotherm: complete'
`;

const UNINSTALL = `
for file in "$keys" "$usbkey"; do
  [ -e "$file" ] || continue
  if without_key "$file" | cmp -s - "$file"; then continue; fi
  set_keys "$file" ''
  did "$file has the collector's key no more"
done

# Another collector's key may need the wrapper.
used=
for file in "$keys" "$usbkey"; do
  [ ! -e "$file" ] || ! grep -F "command=\\"$folder/isotherm-wrapper\\"" "$file" >/dev/null || used=$file
done
if [ "$used" != '' ]; then
  note "$folder stays: another key in $used uses it"
elif [ -e "$folder/isotherm-wrapper" ]; then
  # What still runs looks once a second.
  : >"$folder/off" && sleep 2
  rm -f "$folder/isotherm-wrapper" "$folder/off"
  rmdir "$folder" 2>/dev/null || note "$folder is not empty and stays"
  did "$folder/isotherm-wrapper is gone"
fi
echo 'isotherm: complete'
`;
