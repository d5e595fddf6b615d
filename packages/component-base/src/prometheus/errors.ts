/** What came of asking a Prometheus, with the address that was asked. */
export type PrometheusErrorCode =
  | "PrometheusUnreachable"
  | "PrometheusStarting"
  | "PrometheusUnauthorized"
  | "NotPrometheus"
  | "QueryRefused";

const HINTS: Record<PrometheusErrorCode, string> = {
  PrometheusUnreachable: "See that it runs, and that its address and port are right",
  PrometheusStarting: "It reads what it kept: try again in a moment",
  PrometheusUnauthorized: "Give it a token, or a user name and password, that may query",
  NotPrometheus: "Name the address before /api/v1 of a server that speaks Prometheus' HTTP API",
  QueryRefused: "Ask for less at once: a shorter time, or longer steps",
};

export class PrometheusError extends Error {
  override readonly name = "PrometheusError";
  readonly code: PrometheusErrorCode;
  readonly hint: string;

  constructor(code: PrometheusErrorCode, { url, state }: { url: string; state: string }, cause?: unknown) {
    super(`Cannot ask Prometheus at "${url}": ${state}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = HINTS[code];
  }
}
