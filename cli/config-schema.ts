/**
 * config-schema.ts: every key of the configuration file: type, bounds, default, and what it is for.
 *
 * The one source: the reader checks against it, docs/configuration.md is printed from it, and environment variables are named after
 * it. Defaults are plain values, so that the page can show them.
 */
import { Type, type Static, type TObject, type TProperties, type TSchema } from "typebox";
import { READ_LIMITS } from "../query-api/limits.ts";
import { OIDC_DEFAULTS } from "../query-api/oidc-defaults.ts";
import { ADMISSION_LIMITS } from "../ingest/admission.ts";
import { DEFAULT_RETENTION } from "../store/tables.ts";
import { TENANT_LIMITS } from "../ingest/admission-tenants.ts";

interface Extra {
  readonly default?: unknown;
  /** Never printed. */
  readonly secret?: boolean;
  /** Taken from the configuration file's folder. */
  readonly path?: boolean;
}

function text(description: string, extra: Extra = {}) {
  return Type.Optional(Type.String({ minLength: 1, maxLength: 1000, description, ...extra }));
}

function url(description: string, extra: Extra = {}) {
  return Type.Optional(Type.String({ pattern: "^https?://[^/?#]+/?$", maxLength: 1000, description, ...extra }));
}

function whole(description: string, minimum: number, maximum: number, extra: Extra = {}) {
  return Type.Optional(Type.Integer({ minimum, maximum, description, ...extra }));
}

function section<T extends TProperties>(description: string, properties: T) {
  return Type.Optional(Type.Object(properties, { additionalProperties: false, description }));
}

const GIB = 2 ** 30;
const port = (description: string, of: number) => whole(description, 0, 65_535, { default: of });
const bytes = (description: string, of?: number) =>
  whole(description, 65_536, 1024 * GIB, of === undefined ? {} : { default: of });
const rate = (description: string, of: number) => whole(description, 1, 1e12, { default: of });

const STORE = section("Where windows and control state are kept: in an embedded engine, or in a ClickHouse at `url`.", {
  dataDir: text("Folder of the embedded engine and, with `serve`, of what else is kept.", {
    default: "data",
    path: true,
  }),
  url: url("A ClickHouse's HTTP interface; with it there is no embedded engine. Without a path."),
  username: text("User of that ClickHouse.", { default: "isotherm" }),
  password: text("Its password; better in a file.", { secret: true }),
  passwordFile: text("File with the password on its first line.", { path: true }),
  database: text("Database, which must exist.", { default: "isotherm" }),
  retention: section("How long each resolution is kept, where an instrumentation does not ask for longer.", {
    rawDays: whole("Days of seconds.", 1, 36_500, { default: DEFAULT_RETENTION.rawDays }),
    minuteDays: whole("Days of minutes.", 1, 36_500, { default: DEFAULT_RETENTION.minuteDays }),
    hourDays: whole("Days of hours.", 1, 36_500, { default: DEFAULT_RETENTION.hourDays }),
  }),
  memoryBytes: bytes("Memory of the embedded engine; a quarter of the machine's by default."),
});

const INGEST = section("The service that collectors send to.", {
  host: text("Address to listen on.", { default: "127.0.0.1" }),
  port: port("Port to listen on; 0 for any free one.", 8081),
  inFlightBytes: bytes(
    "Bodies of batches in flight, of all collectors; memory is about four times as much.",
    ADMISSION_LIMITS.inFlightBytes,
  ),
  replayBytes: bytes("Stored batches kept for query APIs whose connection broke.", 64 * 1024 * 1024),
  rollups: Type.Optional(
    Type.Boolean({
      default: true,
      description:
        "Whether this process rolls seconds up to minutes and hours, and drops what is old. One process must.",
    }),
  ),
  collectorLimits: section("What each collector may send; above it the answer is 429.", {
    rowsPerSec: rate("Rows a second.", ADMISSION_LIMITS.collector.rowsPerSec),
    bytesPerSec: rate("Bytes a second.", ADMISSION_LIMITS.collector.bytesPerSec),
    keysPerSec: rate("Key texts a second, each counted once a batch.", ADMISSION_LIMITS.collector.keysPerSec),
  }),
  tenantLimits: section("What each tenant's zones may bring; above it the smaller keys are stored as one, `(other)`.", {
    keysPerWindow: whole("Keys of one tenant in one window of an instrumentation.", 1, 1_000_000, {
      default: TENANT_LIMITS.keysPerWindow,
    }),
    keysOverQuota: whole("The same while the tenant is over its quota.", 0, 1_000_000, {
      default: TENANT_LIMITS.keysOverQuota,
    }),
    rowsPerSec: rate("Rows a second.", TENANT_LIMITS.rowsPerSec),
    bytesPerSec: rate("Bytes a second.", TENANT_LIMITS.bytesPerSec),
  }),
});

const QUERY = section("The query API and the page.", {
  host: text("Address to listen on.", { default: "127.0.0.1" }),
  port: port("Port to listen on; 0 for any free one.", 8080),
  ingestUrls: Type.Optional(
    Type.Array(Type.String({ pattern: "^https?://[^/?#]+/?$", maxLength: 1000 }), {
      maxItems: 100,
      description: "`query` only: every ingest that stores into this store, for live columns.",
    }),
  ),
  web: Type.Optional(Type.Boolean({ default: true, description: "Whether to serve the page." })),
  publicUrl: url(
    "Where people reach it, if by another address than its own; with https the page's cookie is a secure one.",
  ),
  trustedProxies: Type.Optional(
    Type.Array(Type.String({ maxLength: 50 }), {
      maxItems: 100,
      description:
        "Proxies before it, such as 127.0.0.1 or 10.0.0.0/8: their `X-Forwarded-For` says who asks (docs/security.md).",
    }),
  ),
  readLimits: section("How many reads of values run at once; those beyond wait a little, then the answer is 429.", {
    perCaller: whole("Of one tenant, or of one operator's token.", 1, 1000, { default: READ_LIMITS.perCaller }),
    total: whole("Of all.", 1, 1000, { default: READ_LIMITS.total }),
    waiting: whole("Of one caller that wait.", 0, 10_000, { default: READ_LIMITS.waiting }),
    waitMs: whole("Milliseconds that one waits.", 1, 60_000, { default: READ_LIMITS.waitMs }),
  }),
  oidc: section(
    "An OpenID provider whose tokens are taken beside our own, and where people sign in (docs/security.md); none without `issuer`.",
    {
      issuer: text("What its tokens have in `iss`, to the letter."),
      jwksUrl: text("Where it publishes its keys: https, or http on this machine."),
      audience: text("What tokens for Isotherm have in `aud`."),
      tenantClaim: text("The claim with the tenant's id; dots lead into objects.", {
        default: OIDC_DEFAULTS.tenantClaim,
      }),
      rolesClaim: text("The claim with roles: a list, or words.", { default: OIDC_DEFAULTS.rolesClaim }),
      operatorRole: text("The role that makes an operator.", { default: OIDC_DEFAULTS.operatorRole }),
      writeRole: text("The role that lets a tenant's member write.", { default: OIDC_DEFAULTS.writeRole }),
      clockToleranceSec: whole("Seconds that its clock and ours may be apart.", 0, 300, {
        default: OIDC_DEFAULTS.clockToleranceSec,
      }),
      clientId: text(
        "What it knows Isotherm by: with it the page sends people there to sign in; needs `publicUrl`, whose " +
          "`/v1/session/oidc/callback` it must know.",
      ),
      clientSecret: text("What Isotherm proves that with; absent: it is a public client.", { secret: true }),
      scopes: text("What is asked of it, words.", { default: OIDC_DEFAULTS.scopes }),
      name: text("What the page calls it; absent: the issuer's host."),
      sessionSec: whole("Seconds that a session lives that began there.", 60, 86_400, {
        default: OIDC_DEFAULTS.sessionSec,
      }),
    },
  ),
});

const FILES = { maxItems: 100 };
const ALERTS = section("Alert rules (docs/alerts.md).", {
  ruleFiles: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 1000 }), {
      ...FILES,
      description: "YAML files with operators' rules and hooks; read at the start.",
    }),
  ),
  allowTargets: Type.Optional(
    Type.Array(Type.String({ pattern: "^[^/@ ]+:\\d{1,5}$", maxLength: 300 }), {
      ...FILES,
      description:
        "Internal targets that operators' hooks may have, as `host:port`; all others must be https and public.",
    }),
  ),
});

const HOST = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 128,
      description: "The host's name: in pictures, and in known_hosts.",
    }),
    address: text("Where to connect; the name by default."),
    port: port("Port of sshd.", 22),
    username: text("User to log in as.", { default: "root" }),
    platform: Type.Optional(
      Type.Union([Type.Literal("smartos"), Type.Literal("linux")], {
        default: "smartos",
        description: "Whose DTrace.",
      }),
    ),
    owner: text("Of a host without zones (linux): the tenant that it belongs to; the operators' by default."),
  },
  { additionalProperties: false },
);

const TRITON = section("Hosts and owners of zones from a Triton data centre, beside those that are listed.", {
  cnapiUrl: url("CNAPI: every server that is set up is a host, by its admin address."),
  vmapiUrl: url("VMAPI: owners of zones that the hosts' own vmadm does not name; not asked without it."),
  everySec: whole("Seconds between two looks.", 5, 86_400, { default: 60 }),
  port: port("Port of sshd on these hosts.", 22),
  username: text("User to log in as.", { default: "root" }),
});

const COLLECT = section("The collector: which hosts, and how it comes to them.", {
  host: text("Address to listen on, for /healthz, /readyz and /metrics of `isotherm collect`.", {
    default: "127.0.0.1",
  }),
  port: port("Port to listen on; 0 for any free one. With `serve` it is not opened.", 8082),
  name: text("Its own name: part of its stream names.", { default: "collector" }),
  ingestUrl: url("Where to send; with `serve` its own ingest."),
  queryUrl: url("Where assignments come from; with `serve` its own query API."),
  token: text("A token of the role collector; better in a file. `serve` makes its own.", { secret: true }),
  tokenFile: text("File with the token on its first line.", { path: true }),
  keyFile: text("Private key for ssh, ed25519, without a passphrase, readable to its owner alone.", { path: true }),
  knownHostsFile: text("The hosts' keys, as OpenSSH's known_hosts. Unknown and changed keys are refused.", {
    path: true,
  }),
  spoolDir: text("Batches that wait for ingest; one collector each. Default: `spool` in `store.dataDir`.", {
    path: true,
  }),
  spoolBytes: bytes("What may wait; beyond it the oldest is dropped and declared a gap.", 256 * 1024 * 1024),
  hosts: Type.Optional(Type.Array(HOST, { maxItems: 10_000, description: "The hosts." })),
  hostsFile: text(
    "YAML file with more hosts: a list as in `hosts`. It is watched: hosts come and go as it changes, and the others lose nothing. `isotherm host add` writes it.",
    { path: true },
  ),
  triton: TRITON,
});

const TOKENS = section("Tokens made at the first start, so that there is a way in.", {
  dir: text(
    "Folder for `operator.token` and `collector.token`, each made once and readable to its owner alone. With `serve`, `store.dataDir` by default.",
    { path: true },
  ),
});

const LOG = section("What the process says on standard error, as JSON lines.", {
  level: Type.Optional(
    Type.Union(
      (["debug", "info", "warn", "error", "silent"] as const).map((level) => Type.Literal(level)),
      { default: "info", description: "The least that is said." },
    ),
  ),
});

export const CONFIG = Type.Object(
  { store: STORE, ingest: INGEST, query: QUERY, alerts: ALERTS, collect: COLLECT, tokens: TOKENS, log: LOG },
  { additionalProperties: false },
);

/** What `collect.hostsFile` holds. */
export const HOSTS_FILE = Type.Array(HOST, { maxItems: 10_000 });

export type ConfigFile = Static<typeof CONFIG>;

/** What is known of a schema beyond its static type. */
export type Node = TSchema & Extra & { readonly description?: string };

export function isSection(schema: TSchema): boolean {
  return (schema as { type?: unknown }).type === "object";
}

export function propertiesOf(schema: TSchema): [name: string, schema: Node][] {
  return Object.entries((schema as TObject).properties as Record<string, Node>);
}

/** What a value must be, in words. */
export function expectedOf(schema: TSchema): string {
  const { type, minimum, maximum, pattern, anyOf, items } = schema as Record<string, unknown>;
  if (Array.isArray(anyOf)) return `one of ${anyOf.map((each: { const?: unknown }) => String(each.const)).join(", ")}`;
  if (type === "integer") return `a whole number from ${String(minimum)} to ${String(maximum)}`;
  if (type === "boolean") return "true or false";
  if (type === "array")
    return isSection(items as TSchema) ? "a list of hosts" : `a list, each ${expectedOf(items as TSchema)}`;
  if (type === "object") return "keys and values";
  if (pattern === undefined) return "text";
  return typeof pattern === "string" && pattern.startsWith("^https")
    ? "a URL such as http://127.0.0.1:8081, without a path"
    : "host:port";
}
