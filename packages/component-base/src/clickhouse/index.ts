/**
 * Asks a ClickHouse over its HTTP interface.
 * @module
 */
export {
  ClickHouse,
  type ClickHouseAccess,
  type ClickHouseRequest,
  type ClickHouseSend,
  literal,
} from "./clickhouse.ts";
export { ClickHouseError, type ClickHouseErrorCode } from "./errors.ts";
