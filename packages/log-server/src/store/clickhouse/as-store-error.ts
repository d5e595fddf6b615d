import { ClickHouseError, type ClickHouseErrorCode } from "@jdos/component-base/clickhouse";
import { LogServerError, type LogServerErrorCode } from "../../errors.ts";

const CODES: Record<ClickHouseErrorCode, LogServerErrorCode> = {
  ClickHouseUnreachable: "StoreAway",
  ClickHouseUnauthorized: "StoreRefused",
  ClickHouseRefused: "StoreFailed",
  ClickHouseTooOld: "StoreFailed",
  NotClickHouse: "StoreFailed",
};

/** Throws what ClickHouse said as the store's own failure. */
export function asStoreError(error: unknown): never {
  if (!(error instanceof ClickHouseError)) throw error;
  throw new LogServerError(CODES[error.code], error.message, { hint: error.hint, cause: error });
}
