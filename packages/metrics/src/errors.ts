export type MetricsErrorCode = "TargetsNotWritten";

export class MetricsError extends Error {
  override readonly name = "MetricsError";
  readonly code: MetricsErrorCode;
  /** What a person can do about it. */
  readonly hint: string;

  constructor(code: MetricsErrorCode, message: string, { hint, cause }: { hint: string; cause?: unknown }) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
  }
}
