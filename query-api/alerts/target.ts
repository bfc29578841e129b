/**
 * target.ts: where a hook may send to. Whoever may name a URL may otherwise have this process call whatever it can reach: the engine, a cloud's
 * metadata, a neighbour.
 *
 *   - https, the default or a port above 1023; no user in the URL
 *   - every address that the name has must be a public one, also where the name is an address itself: six spellings of loopback come
 *     past a hook that is only asked for names
 *   - the connection goes to the address that was checked, and not to what the name says a moment later
 *   - no redirect is followed; 3 s for all of it; 64 kB of the reply are read, and nobody is shown them
 *
 * Operators may name internal targets (`alerts.allowTargets`, host:port as the URL has it): for those, and for operators' hooks only, http and
 * any address will do.
 */
import { BlockList, isIP } from "node:net";
import { OperationalError } from "../../core/errors.ts";

export interface Target {
  readonly url: URL;
  /** The address that was checked. */
  readonly address: string;
  readonly port: number;
}

export interface TargetRules {
  /** host:port of targets that need not be public. */
  readonly allowTargets: readonly string[];
  /** All addresses of a name. */
  readonly resolve: (name: string) => Promise<readonly string[]>;
}

/** IANA's special-purpose registry for IPv4 (RFC 6890 and its updates), multicast, and the reserved rest. */
const SPECIAL_V4: readonly (readonly [string, number])[] = [
  ...([
    ["0.0.0.0", 8],
    ["10.0.0.0", 8],
    ["100.64.0.0", 10],
    ["127.0.0.0", 8],
    ["169.254.0.0", 16],
  ] as const),
  ...([
    ["172.16.0.0", 12],
    ["192.0.0.0", 24],
    ["192.0.2.0", 24],
    ["192.31.196.0", 24],
    ["192.52.193.0", 24],
  ] as const),
  ...([
    ["192.88.99.0", 24],
    ["192.168.0.0", 16],
    ["192.175.48.0", 24],
    ["198.18.0.0", 15],
    ["198.51.100.0", 24],
  ] as const),
  ...([
    ["203.0.113.0", 24],
    ["224.0.0.0", 4],
    ["240.0.0.0", 4],
  ] as const),
];
/** Within 2000::/3: Teredo and the rest of the IETF's block, documentation, 6to4. */
const SPECIAL_V6: readonly (readonly [string, number])[] = [
  ...([
    ["2001::", 23],
    ["2001:db8::", 32],
    ["2002::", 16],
    ["3fff::", 20],
  ] as const),
];

const special = new BlockList();
for (const [net, prefix] of SPECIAL_V4) special.addSubnet(net, prefix, "ipv4");
for (const [net, prefix] of SPECIAL_V6) special.addSubnet(net, prefix, "ipv6");
const global6 = new BlockList();
global6.addSubnet("2000::", 3, "ipv6");

/** Whether an address is one of the public internet. */
export function isPublic(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !special.check(address, "ipv4");
  // Not within 2000::/3: loopback, mapped IPv4, unique local, link local, multicast and all that is not assigned.
  return family === 6 && global6.check(address, "ipv6") && !special.check(address, "ipv6");
}

/** @throws OperationalError HOOK_TARGET, which says why without saying what else is there */
export async function checkTarget(text: string, isOperator: boolean, rules: TargetRules): Promise<Target> {
  const url = parseTarget(text);
  const port = Number(url.port === "" ? (url.protocol === "https:" ? 443 : 80) : url.port);
  const name = url.hostname.replace(/^\[|\]$/g, "");
  const isAllowed = isOperator && rules.allowTargets.includes(`${url.hostname}:${port}`);
  if (!isAllowed && url.protocol !== "https:") throw refused("expected https");
  if (!isAllowed && port !== 443 && port < 1024) throw refused("expected port 443 or one above 1023");
  const addresses = isIP(name) === 0 ? await rules.resolve(name).catch(() => []) : [name];
  const [first] = addresses;
  if (first === undefined)
    throw new OperationalError("HOOK_FAILED", "resolve a hook's target: the name has no address");
  if (!isAllowed && !addresses.every(isPublic)) throw refused("expected a public address");
  return { url, address: first, port };
}

/** @throws OperationalError HOOK_TARGET for what is no URL for a hook */
export function parseTarget(text: string): URL {
  if (!URL.canParse(text) || text.length > 2000) throw refused("expected a URL");
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") throw refused("expected https");
  if (url.username !== "" || url.password !== "") throw refused("expected no user and password in it");
  return url;
}

function refused(why: string): OperationalError {
  return new OperationalError("HOOK_TARGET", `send to a hook's target: ${why}`);
}
