import type { ApiError } from "@jdos/api";

/** The person's fault. */
export const PERSON_ERROR_CODES = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  TooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
} as const;

/** Ours. */
export const SERVER_ERROR_CODES = {
  InternalError: 500,
  GitFailed: 500,
  PlatformFailed: 502,
  Unavailable: 503,
} as const;

const HTTP_STATUS = { ...PERSON_ERROR_CODES, ...SERVER_ERROR_CODES };
export type GitServerErrorCode = keyof typeof HTTP_STATUS;

/** What the git server refuses or cannot do; its members are the answer's body. */
export class GitServerError extends Error {
  override readonly name = "GitServerError";
  readonly code: GitServerErrorCode;
  readonly hint: string | undefined;

  constructor(
    code: GitServerErrorCode,
    message: string,
    { hint, cause }: { hint?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
  }

  get httpStatus(): number {
    return HTTP_STATUS[this.code];
  }

  toBody(): ApiError {
    return {
      code: this.code,
      message: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
    };
  }
}

/** Any error as one that can be answered; what nobody expected becomes InternalError and keeps its cause. */
export function toGitServerError(error: unknown): GitServerError {
  if (error instanceof GitServerError) return error;
  return new GitServerError("InternalError", "Cannot answer: the git server failed on its side", {
    hint: "Look at its log for the cause",
    cause: error,
  });
}
