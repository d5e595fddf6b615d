import type { ApiError } from "@jdos/api";
import { type FieldError, isStatus, type StatusError } from "@jdos/apimachinery";

/** The person's fault. */
export const PERSON_ERROR_CODES = {
  BadRequest: 400,
  MalformedJson: 400,
  DigestMismatch: 400,
  Unauthorized: 401,
  Forbidden: 403,
  PersonNotServed: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  AlreadyExists: 409,
  Conflict: 409,
  Frozen: 409,
  NothingToDeploy: 409,
  SourceIncomplete: 409,
  NoPod: 409,
  NoLogStore: 409,
  TooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
} as const;

/** Ours. */
export const SERVER_ERROR_CODES = {
  InternalError: 500,
  MetricsNotConfigured: 501,
  RegistryFailed: 502,
  MetricsFailed: 502,
  Unavailable: 503,
  Timeout: 504,
  RegistryFull: 507,
} as const;

const HTTP_STATUS = { ...PERSON_ERROR_CODES, ...SERVER_ERROR_CODES };
export type PlatformErrorCode = keyof typeof HTTP_STATUS;

export interface PlatformErrorOptions {
  hint?: string;
  field?: string;
  cause?: unknown;
}

/** What this API refuses or cannot do; its members are the answer's body. */
export class PlatformError extends Error {
  override readonly name = "PlatformError";
  readonly code: PlatformErrorCode;
  readonly hint: string | undefined;
  readonly field: string | undefined;

  constructor(code: PlatformErrorCode, message: string, { hint, field, cause }: PlatformErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
    this.field = field;
  }

  get httpStatus(): number {
    return HTTP_STATUS[this.code];
  }

  toBody(): ApiError {
    return {
      code: this.code,
      message: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.field === undefined ? {} : { field: this.field }),
    };
  }
}

const HINTS: Partial<Record<string, string>> = {
  Forbidden: "Ask an owner of the system for a role that allows it",
  Conflict: "Somebody else changed it at the same moment: look at it again and repeat the command",
  ServiceUnavailable: "The platform is starting or restarting: try again in a moment",
};

/** Any error as one this API answers with. What nobody expected becomes InternalError and keeps its cause. */
export function toPlatformError(error: unknown): PlatformError {
  if (error instanceof PlatformError) return error;
  if (isStatus(error)) return ofStatus(error);
  return (
    ofFastify(error) ??
    new PlatformError("InternalError", "Cannot answer: the platform failed on its side", {
      hint: "Look at the log of the platform for the cause",
      cause: error,
    })
  );
}

function ofStatus(error: StatusError): PlatformError {
  const cause = (
    error.details as
      | { causes?: { field?: string; message?: string; reason?: FieldError["type"] }[] }
      | undefined
  )?.causes?.[0];
  return new PlatformError(codeOfStatus(error), error.message, {
    ...(HINTS[error.reason] === undefined ? {} : { hint: HINTS[error.reason] }),
    ...(cause?.field === undefined ? {} : { field: cause.field }),
    cause: error,
  });
}

function codeOfStatus(error: StatusError): PlatformErrorCode {
  if (error.reason in HTTP_STATUS) return error.reason as PlatformErrorCode;
  if (error.code === 503) return "Unavailable";
  if (error.code === 504) return "Timeout";
  if (error.code === 413) return "TooLarge";
  if (error.code === 404 || error.code === 410) return "NotFound";
  if (error.code === 429) return "TooManyRequests";
  return error.code < 500 ? "BadRequest" : "InternalError";
}

interface Violation {
  keyword?: string;
  instancePath: string;
  message?: string;
  params?: Record<string, unknown>;
}

interface FastifyFailure {
  code?: string;
  statusCode?: number;
  message?: string;
  validation?: Violation[];
  validationContext?: string;
}

/** A pattern means nothing to most people: the names they mostly choose are told in words. */
function hintOf({ keyword, instancePath, params }: Violation): string | undefined {
  if (keyword === "additionalProperties") return "Leave it out: the request has no such field";
  if (keyword !== "pattern" || !/^\/(name|app|application|system)$/.test(instancePath)) return undefined;
  const first = String(params?.pattern).startsWith("^[a-z]") ? "a letter" : "a letter or digit";
  return `A name has small letters, digits and hyphens; it begins with ${first} and ends with a letter or digit, like "shop-2"`;
}

function ofFastify(error: unknown): PlatformError | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { code, statusCode, message, validation, validationContext } = error as FastifyFailure;
  const first = validation?.[0];
  if (first !== undefined) {
    const named = first.params?.missingProperty ?? first.params?.additionalProperty;
    const field = `${first.instancePath}${named === undefined ? "" : `/${named}`}`
      .slice(1)
      .replaceAll("/", ".");
    const where = field === "" ? (validationContext ?? "body") : field;
    return new PlatformError(
      "Invalid",
      `Cannot accept the request: "${where}" ${first.message ?? "is invalid"}`,
      {
        field: where,
        hint: hintOf(first),
        cause: error,
      },
    );
  }
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE")
    return new PlatformError("TooLarge", "Cannot accept the request: its body is too large", {
      cause: error,
    });
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    return new PlatformError("UnsupportedMediaType", `Cannot read the body: ${message}`, {
      hint: "Send application/json",
      cause: error,
    });
  }
  if (code?.startsWith("FST_ERR_CTP_") || error instanceof SyntaxError) {
    return new PlatformError("MalformedJson", `Cannot read the body: ${message}`, { cause: error });
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new PlatformError("BadRequest", message ?? "Cannot read the request", { cause: error });
  return undefined;
}
