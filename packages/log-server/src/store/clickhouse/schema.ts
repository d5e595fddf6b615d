export const LINES = "jdos_log_lines";
export const POSITIONS = "jdos_log_positions";

/** Order is a line's key: of rows with the same key one stays when parts are merged. A day is a partition. */
export const SCHEMA: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS ${LINES} (
     time Int64, system String, application String, release UInt32, pod String, container String, node String,
     stream String, run String, file String, offset UInt64, line String
   ) ENGINE = ReplacingMergeTree()
   PARTITION BY toYYYYMMDD(toDateTime(intDiv(time, 1000000000), 'UTC'))
   ORDER BY (system, application, time, run, file, offset)`,
  `CREATE TABLE IF NOT EXISTS ${POSITIONS} (run String, source String, file String, offset UInt64, seen UInt64)
   ENGINE = ReplacingMergeTree(seen) ORDER BY run`,
];
