/**
 * known-hosts.ts: which key each host must show, from a file in OpenSSH's known_hosts format (sshd(8)).
 *
 * Understood: several names a line, `[host]:port`, hashed names (`|1|salt|hash`), `@revoked`. An unknown key is refused and
 * so is a changed one; nothing is ever added here: enrolling a host is a person's deliberate act.
 */
import { createHash, createHmac } from "node:crypto";

export interface KnownHost {
  readonly revoked: boolean;
  /** Comma-separated names, or one hashed name. */
  readonly names: string;
  readonly key: Buffer;
}

export type KnownHosts = readonly KnownHost[];

/** Lines that are not understood are skipped: they can only make more hosts unknown. */
export function parseKnownHosts(text: string): KnownHosts {
  return text.split("\n").flatMap((line): KnownHost[] => {
    const words = line.trim().split(/[ \t]+/);
    const marker = words[0]?.startsWith("@") === true ? words.shift() : undefined;
    const [names, , key] = words;
    if (names === undefined || key === undefined || names.startsWith("#")) return [];
    if (marker !== undefined && marker !== "@revoked") return [];
    return [{ revoked: marker === "@revoked", names, key: Buffer.from(key, "base64") }];
  });
}

/** @returns what is wrong with the key, in words for the log; undefined when it is the host's own */
export function checkHostKey(known: KnownHosts, host: string, port: number, key: Buffer): string | undefined {
  const fingerprint = fingerprintOf(key);
  if (known.some((entry) => entry.revoked && entry.key.equals(key))) return `host key ${fingerprint} is revoked`;
  const own = known.filter((entry) => !entry.revoked && namesHost(entry.names, host, port));
  if (own.some((entry) => entry.key.equals(key))) return undefined;
  // A host may have keys of several types; it has changed only if none of them can be of the type shown.
  const type = keyType(key);
  if (own.some((entry) => keyType(entry.key) === type)) {
    return `host key has CHANGED to ${fingerprint}: somebody may be in between, or the host was reinstalled`;
  }
  return `host key ${fingerprint} is unknown: compare it with the host's own and add it to known_hosts`;
}

/** A line of known_hosts for a host's key, without its end. */
export function knownHostLine(host: string, port: number, key: Buffer): string {
  return `${nameOf(host, port)} ${keyType(key)} ${key.toString("base64")}`;
}

/** The text without the lines that name only this host; where a line names others too, the name goes from it. */
export function withoutKnownHost(text: string, host: string, port: number): string {
  const lines = text.split("\n").flatMap((line): string[] => {
    const [entry] = parseKnownHosts(line);
    if (entry === undefined || entry.revoked || !namesHost(entry.names, host, port)) return [line];
    const others = entry.names.split(",").filter((name) => name !== nameOf(host, port));
    if (entry.names.startsWith("|1|") || others.length === 0) return [];
    return [line.replace(entry.names, () => others.join(","))];
  });
  return lines.join("\n");
}

/** As `ssh-keygen -l` shows it. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash("sha256")
    .update(key)
    .digest("base64")
    .replace(/={1,2}$/, "")}`;
}

function nameOf(host: string, port: number): string {
  return port === 22 ? host : `[${host}]:${port}`;
}

function namesHost(names: string, host: string, port: number): boolean {
  const name = nameOf(host, port);
  if (names.startsWith("|1|")) {
    const [salt, hash] = names.slice(3).split("|");
    if (salt === undefined || hash === undefined) return false;
    return createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64") === hash;
  }
  return names.split(",").includes(name);
}

/** The algorithm's name at the start of a public key blob (RFC 4253, section 6.6). */
function keyType(key: Buffer): string {
  return key.length < 4 ? "" : key.subarray(4, 4 + key.readUInt32BE(0)).toString("latin1");
}
