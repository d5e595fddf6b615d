/**
 * Ours: ApplyFailed (the kernel refused the rules). The user's: InvalidOption.
 */
export type ServiceProxyErrorCode = "ApplyFailed" | "InvalidOption";

export class ServiceProxyError extends Error {
  override readonly name = "ServiceProxyError";
  readonly code: ServiceProxyErrorCode;
  readonly hint: string;

  constructor(
    code: ServiceProxyErrorCode,
    message: string,
    { hint, cause }: { hint: string; cause?: unknown },
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
  }
}
