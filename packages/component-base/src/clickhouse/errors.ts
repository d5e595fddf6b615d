/** What came of asking a ClickHouse, with the address that was asked. */
export type ClickHouseErrorCode =
  | "ClickHouseUnreachable"
  | "ClickHouseUnauthorized"
  | "ClickHouseRefused"
  | "ClickHouseTooOld"
  | "NotClickHouse";

const HINTS: Record<ClickHouseErrorCode, string> = {
  ClickHouseUnreachable:
    "See that it runs, and that its HTTP port and the certificate's authority are the ones named",
  ClickHouseUnauthorized: "See the user name and the password",
  ClickHouseRefused:
    "See its log; the user needs SELECT, INSERT, CREATE TABLE and ALTER in the database, and SELECT on system.parts",
  ClickHouseTooOld: "Bring it to a newer version, or name another one",
  NotClickHouse: "Name its HTTP interface: http://HOST:8123 or https://HOST:8443",
};

export class ClickHouseError extends Error {
  override readonly name = "ClickHouseError";
  readonly code: ClickHouseErrorCode;
  readonly hint: string;

  constructor(code: ClickHouseErrorCode, { url, state }: { url: string; state: string }, cause?: unknown) {
    const action = code === "ClickHouseUnreachable" ? "reach" : "use";
    super(`Cannot ${action} ClickHouse at ${url}: ${state}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = HINTS[code];
  }
}
