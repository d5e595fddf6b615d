/** What this package refuses; all are the caller's fault. */
export type SchedulerErrorCode = "InvalidOption";

export class SchedulerError extends Error {
  override readonly name = "SchedulerError";
  readonly code: SchedulerErrorCode;
  /** What a person can do about it. */
  readonly hint: string;

  constructor(code: SchedulerErrorCode, message: string, options: { hint: string; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }
}
