/** The person's fault. */
export type UserErrorCode =
  | "InvalidName"
  | "NamespaceTaken"
  | "NameTaken"
  | "ReleaseTampered"
  | "ReleaseMissing";
/** Ours, or the machine's. */
export type InternalErrorCode = "InvalidOption";

export type PlatformErrorCode = UserErrorCode | InternalErrorCode;

export interface PlatformErrorOptions {
  /** What a person can do about it. */
  hint: string;
  cause?: unknown;
}

export class PlatformError extends Error {
  override readonly name = "PlatformError";
  readonly code: PlatformErrorCode;
  readonly hint: string;

  constructor(code: PlatformErrorCode, message: string, { hint, cause }: PlatformErrorOptions) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
  }
}
