/**
 * engine-config.ts: the engine's configuration file and its users file, as text.
 *
 * An embedded engine assumes that the machine is its own: it would take nine tenths of the memory, a 5 GB cache of marks,
 * and its default user may read every file of the host. Here it gets a budget, and a user that knows one database.
 * Checked against engine 26.7: the grants, the limits, the pools and the defaults of merge_tree take effect.
 */

export interface EngineLimits {
  readonly memoryBytes: number;
  /** Threads of one query. */
  readonly threads: number;
  /** An insert is refused when less than this would stay free on the disk. */
  readonly freeDiskBytes: number;
}

export interface EnginePaths {
  readonly usersFile: string;
  /** Where BACKUP may write and RESTORE may read. */
  readonly backupDirs: readonly string[];
  readonly database: string;
}

const MIB = 1 << 20;

/** What the engine holds before it does anything: its code, its tables' heads, its threads. */
const IDLE_BYTES = 320 * MIB;

/** Memory for reading statements; the rest is for inserts, merges and caches. */
export function readersBytes(limits: EngineLimits): number {
  return Math.floor(0.7 * Math.max(limits.memoryBytes / 4, limits.memoryBytes - IDLE_BYTES));
}

export function engineConfig(limits: EngineLimits, paths: EnginePaths): string {
  const share = (part: number, mostMib: number): number =>
    Math.min(mostMib * MIB, Math.max(8 * MIB, Math.floor(limits.memoryBytes * part)));
  return xml({
    logger: { level: "none" },
    max_server_memory_usage: limits.memoryBytes,
    // Merges may not starve queries and inserts of memory.
    merges_mutations_memory_usage_soft_limit: Math.floor(limits.memoryBytes / 2),
    mark_cache_size: share(1 / 16, 256),
    primary_index_cache_size: share(1 / 16, 256),
    // Of reads that ask for it, up to a million rows each (merge_tree_max_rows_to_use_cache).
    uncompressed_cache_size: share(1 / 16, 128),
    index_mark_cache_size: share(1 / 64, 64),
    index_uncompressed_cache_size: 0,
    mmap_cache_size: 64,
    compiled_expression_cache_size: share(1 / 64, 64),
    query_condition_cache_size: share(1 / 64, 32),
    background_pool_size: 4,
    background_merges_mutations_concurrency_ratio: 2,
    background_schedule_pool_size: 8,
    background_common_pool_size: 4,
    background_move_pool_size: 2,
    background_fetches_pool_size: 1,
    tables_loader_background_pool_size: 2,
    max_thread_pool_size: 512,
    users_config: paths.usersFile,
    user_directories: { users_xml: { path: paths.usersFile } },
    backups: { allowed_path: paths.backupDirs },
    merge_tree: {
      fsync_after_insert: 1,
      fsync_part_directory: 1,
      min_free_disk_bytes_to_perform_insert: limits.freeDiskBytes,
    },
  });
}

/** Of tables only: ALL would add rights on users, roles and sources of the database's name. */
const PRIVILEGES = [
  ...["CHECK", "SHOW", "SELECT", "INSERT", "ALTER", "TRUNCATE", "OPTIMIZE", "BACKUP"],
  // No dictionary: its source may be a URL or a file.
  ...["CREATE DATABASE", "CREATE TABLE", "CREATE VIEW"],
  ...["DROP TABLE", "DROP VIEW", "UNDROP TABLE"],
  ...["SYSTEM MERGES", "SYSTEM TTL MERGES", "SYSTEM MOVES", "SYSTEM CLEANUP", "SYSTEM WAIT LOADING PARTS"],
];

export function engineUsers(limits: EngineLimits, paths: EnginePaths): string {
  return xml({
    profiles: {
      default: {
        max_threads: limits.threads,
        max_memory_usage: Math.floor(limits.memoryBytes * 0.8),
      },
    },
    quotas: { default: {} },
    users: {
      default: {
        password: "",
        networks: { ip: "::1" },
        profile: "default",
        quota: "default",
        grants: {
          query: [
            `GRANT ${PRIVILEGES.join(", ")} ON ${paths.database}.*`,
            "GRANT SELECT ON system.*",
            "GRANT SELECT ON information_schema.*",
            "GRANT SELECT ON INFORMATION_SCHEMA.*",
            "GRANT KILL QUERY ON *.*",
            "GRANT CREATE TEMPORARY TABLE ON *.*",
          ],
        },
      },
    },
  });
}

type XmlValue = string | number | readonly XmlValue[] | { readonly [name: string]: XmlValue };

function xml(root: { readonly [name: string]: XmlValue }): string {
  return `<?xml version="1.0"?>\n${element("clickhouse", root, "")}`;
}

function element(name: string, value: XmlValue, indent: string): string {
  if (Array.isArray(value)) return (value as readonly XmlValue[]).map((one) => element(name, one, indent)).join("");
  if (typeof value !== "object") return `${indent}<${name}>${escape(String(value))}</${name}>\n`;
  const inner = Object.entries(value).map(([key, one]) => element(key, one, `${indent}  `));
  return `${indent}<${name}>\n${inner.join("")}${indent}</${name}>\n`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
