/** The asker's: BadRequest, Unauthorized, NotFound, TooLarge, InvalidOption. */
export const ASKER_ERROR_CODES = {
  BadRequest: 400,
  InvalidOption: 400,
  Unauthorized: 401,
  NotFound: 404,
  TooLarge: 413,
} as const;

/** Ours, or the store's. */
export const STORE_ERROR_CODES = {
  InternalError: 500,
  StoreFailed: 502,
  StoreRefused: 502,
  StoreAway: 503,
  Busy: 503,
  DiskFull: 507,
} as const;

const HTTP_STATUS = { ...ASKER_ERROR_CODES, ...STORE_ERROR_CODES };
export type LogServerErrorCode = keyof typeof HTTP_STATUS;

export class LogServerError extends Error {
  override readonly name = "LogServerError";
  readonly code: LogServerErrorCode;
  readonly hint: string | undefined;

  constructor(
    code: LogServerErrorCode,
    message: string,
    { hint, cause }: { hint?: string; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
  }

  get httpStatus(): number {
    return HTTP_STATUS[this.code];
  }
}
