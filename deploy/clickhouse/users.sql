-- Who may do what, beside the roles, quota and row policies that the schema brings. Run after the schema, and again to change a
-- password:  envsubst < users.sql | clickhouse-client --multiquery
-- Each *_SHA256 is the hex digest of a password:  printf %s "$PASSWORD" | sha256sum

-- Ingest acknowledges a batch when it is on every shard that it concerns and on both replicas there, never when it is queued.
CREATE SETTINGS PROFILE OR REPLACE isotherm_writing ON CLUSTER isotherm SETTINGS
  distributed_foreground_insert = 1, insert_quorum = 2, insert_quorum_parallel = 1, insert_quorum_timeout = 30000,
  max_memory_usage = 4000000000, max_execution_time = 60
  TO isotherm_writing;

-- Limits of readers, who are read-only and may change no other setting. The query API asks for less for each read; these hold
-- whatever it asks for. An export is streamed: it may take an hour, and as many rows as it has. What follows the limits is what
-- answers' forms need (test/deploy/clickhouse.test.ts compares the list with what the query API sends).
CREATE SETTINGS PROFILE OR REPLACE isotherm_limits ON CLUSTER isotherm SETTINGS
  max_execution_time = 30 MIN 1 MAX 3600 CHANGEABLE_IN_READONLY,
  max_memory_usage = 1000000000 MIN 1 MAX 4000000000 CHANGEABLE_IN_READONLY,
  max_rows_to_read = 10000000000 MIN 1 MAX 100000000000 CHANGEABLE_IN_READONLY,
  max_rows_to_group_by = 2000000 MIN 1 MAX 10000000 CHANGEABLE_IN_READONLY,
  max_result_rows = 2000000 MAX 10000000 CHANGEABLE_IN_READONLY,
  max_result_bytes = 0 CHANGEABLE_IN_READONLY,
  max_query_size = 262144 MAX 16777216 CHANGEABLE_IN_READONLY,
  max_threads = 4 MIN 1 MAX 16 CHANGEABLE_IN_READONLY,
  max_block_size = 65409 MIN 1 MAX 65536 CHANGEABLE_IN_READONLY,
  group_by_overflow_mode = 'throw' CHANGEABLE_IN_READONLY,
  result_overflow_mode = 'throw' CHANGEABLE_IN_READONLY,
  use_uncompressed_cache = 1 CHANGEABLE_IN_READONLY, optimize_use_projections = 1 CHANGEABLE_IN_READONLY,
  max_concurrent_queries_for_user = 100, skip_unavailable_shards = 0 CONST, load_balancing = 'nearest_hostname',
  cancel_http_readonly_queries_on_client_close = 1 CHANGEABLE_IN_READONLY,
  date_time_output_format = 'simple' CHANGEABLE_IN_READONLY,
  output_format_json_quote_64bit_integers = 1 CHANGEABLE_IN_READONLY,
  output_format_arrow_compression_method = 'none' CHANGEABLE_IN_READONLY,
  output_format_arrow_string_as_string = 1 CHANGEABLE_IN_READONLY,
  output_format_arrow_low_cardinality_as_dictionary = 0 CHANGEABLE_IN_READONLY,
  output_format_parquet_string_as_string = 1 CHANGEABLE_IN_READONLY,
  output_format_parquet_row_group_size = 65536 CHANGEABLE_IN_READONLY,
  output_format_parquet_row_group_size_bytes = 8000000 CHANGEABLE_IN_READONLY,
  log_comment = '' CHANGEABLE_IN_READONLY
  TO isotherm_reading;

CREATE USER OR REPLACE isotherm_ingest ON CLUSTER isotherm IDENTIFIED WITH sha256_hash BY '${ISOTHERM_INGEST_SHA256}'
  HOST IP '10.0.0.0/8', IP '127.0.0.1' DEFAULT DATABASE isotherm;
GRANT ON CLUSTER isotherm isotherm_writing TO isotherm_ingest;

-- The query API alone has this password: it names the tenant in the setting isotherm_tenant, and an operator's query as '*'.
CREATE USER OR REPLACE isotherm_reader ON CLUSTER isotherm IDENTIFIED WITH sha256_hash BY '${ISOTHERM_READER_SHA256}'
  HOST IP '10.0.0.0/8', IP '127.0.0.1' DEFAULT DATABASE isotherm;
GRANT ON CLUSTER isotherm isotherm_reading TO isotherm_reader;

CREATE ROLE IF NOT EXISTS isotherm_backing_up ON CLUSTER isotherm;
GRANT ON CLUSTER isotherm BACKUP, SELECT, INSERT, CREATE TABLE, CREATE DATABASE, ALTER ON isotherm.* TO isotherm_backing_up;
GRANT ON CLUSTER isotherm SELECT ON system.* TO isotherm_backing_up;
GRANT ON CLUSTER isotherm CLUSTER ON *.* TO isotherm_backing_up;

-- An operator at a terminal: all tenants, reading only, and looking at the servers themselves.
CREATE ROLE IF NOT EXISTS isotherm_operating ON CLUSTER isotherm;
GRANT ON CLUSTER isotherm SELECT ON isotherm.* TO isotherm_operating;
GRANT ON CLUSTER isotherm SELECT ON system.* TO isotherm_operating;
GRANT ON CLUSTER isotherm KILL QUERY ON *.* TO isotherm_operating;
CREATE SETTINGS PROFILE OR REPLACE isotherm_operating ON CLUSTER isotherm SETTINGS
  readonly = 2, isotherm_tenant = '*', max_execution_time = 300, max_memory_usage = 8000000000
  TO isotherm_operating;
CREATE ROW POLICY OR REPLACE isotherm_operating ON CLUSTER isotherm ON isotherm.windows, isotherm.windows_local,
  isotherm.windows_1m, isotherm.windows_1m_local, isotherm.windows_1h, isotherm.windows_1h_local
  FOR SELECT USING 1 AS PERMISSIVE TO isotherm_operating, isotherm_backing_up;
CREATE USER OR REPLACE isotherm_operator ON CLUSTER isotherm IDENTIFIED WITH sha256_hash BY '${ISOTHERM_OPERATOR_SHA256}'
  HOST IP '10.0.0.0/8', IP '127.0.0.1' DEFAULT DATABASE isotherm;
GRANT ON CLUSTER isotherm isotherm_operating TO isotherm_operator;

-- `isotherm backup` and `isotherm restore`.
CREATE USER OR REPLACE isotherm_backup ON CLUSTER isotherm IDENTIFIED WITH sha256_hash BY '${ISOTHERM_BACKUP_SHA256}'
  HOST IP '10.0.0.0/8', IP '127.0.0.1' DEFAULT DATABASE isotherm;
GRANT ON CLUSTER isotherm isotherm_backing_up TO isotherm_backup;
