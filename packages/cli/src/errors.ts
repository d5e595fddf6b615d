import type { ApiError } from "@jdos/api/platform-api";

/** The person's fault. Codes that the platform API answers with come through unchanged. */
export type UsageErrorCode =
  | "Usage"
  | "NotRunning"
  | "NotADirectory"
  | "NothingToPack"
  | "NotRoot"
  | "TooLarge";
/** Ours. */
export type ClientErrorCode = "ConnectionLost" | "StartFailed" | "InternalError";

export interface CliErrorOptions {
  hint?: string | undefined;
  /** Of the process. Defaults to 1; usage errors give 2. */
  exitCode?: number;
  cause?: unknown;
}

/** What a command prints as `code: sentence` and `hint: ...` before it ends with its exit code. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly code: string;
  readonly hint: string | undefined;
  readonly exitCode: number;

  constructor(
    code: UsageErrorCode | ClientErrorCode | (string & {}),
    message: string,
    { hint, exitCode, cause }: CliErrorOptions = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
    this.exitCode = exitCode ?? (code === "Usage" ? 2 : 1);
  }

  static fromApi(error: ApiError): CliError {
    return new CliError(error.code, error.message, { hint: error.hint });
  }
}

export function usage(message: string, hint = "See jdos --help"): CliError {
  return new CliError("Usage", message, { hint });
}
