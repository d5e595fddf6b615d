/** What goes wrong in the server itself; what a client did wrong is a StatusError. */
export type ApiServerErrorCode = "STORE_UNREADABLE" | "STORE_FAILED" | "LISTEN_FAILED" | "OPTIONS_INVALID";

export interface ApiServerErrorOptions {
  hint?: string;
  cause?: unknown;
}

export class ApiServerError extends Error {
  override readonly name = "ApiServerError";
  readonly code: ApiServerErrorCode;
  readonly hint: string | undefined;

  constructor(code: ApiServerErrorCode, message: string, options: ApiServerErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }
}
