import type { Status, StatusCause } from "kubernetes-types/meta/v1.d.ts";

export type { Status, StatusCause };

/** Reasons of the Kubernetes API with the HTTP code each travels with. */
export const STATUS_CODES = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
  ServerTimeout: 500,
} as const;

export type StatusReason = keyof typeof STATUS_CODES;

export interface StatusErrorOptions {
  details?: Status["details"];
  code?: number;
  cause?: unknown;
}

/** An error as the Kubernetes API reports it; both transports of the client throw it. */
export class StatusError extends Error {
  override readonly name = "StatusError";
  readonly reason: StatusReason;
  readonly code: number;
  readonly details: Status["details"];

  constructor(reason: StatusReason, message: string, options: StatusErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
    this.code = options.code ?? STATUS_CODES[reason];
    this.details = options.details;
  }

  /** The body of the answer, kind Status. */
  toStatus(): Status {
    return {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: this.message,
      reason: this.reason,
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    };
  }

  static fromStatus(status: Status, httpCode: number): StatusError {
    const known = status.reason !== undefined && status.reason in STATUS_CODES;
    const reason = known ? (status.reason as StatusReason) : reasonOfCode(status.code ?? httpCode);
    return new StatusError(reason, status.message ?? `The server answered ${httpCode}`, {
      details: status.details,
      code: status.code ?? httpCode,
    });
  }
}

function reasonOfCode(code: number): StatusReason {
  const found = Object.entries(STATUS_CODES).find(([, value]) => value === code);
  return found === undefined ? "InternalError" : (found[0] as StatusReason);
}

/** True when `error` is a StatusError with one of these reasons. */
export function isStatus(error: unknown, ...reasons: StatusReason[]): error is StatusError {
  return error instanceof StatusError && (reasons.length === 0 || reasons.includes(error.reason));
}

interface Named {
  group: string;
  resource: string;
}

/** pods "web" not found */
export function notFound(of: Named, name: string): StatusError {
  const resource = of.group === "" ? of.resource : `${of.resource}.${of.group}`;
  return new StatusError("NotFound", `${resource} "${name}" not found`, {
    details: { name, ...(of.group === "" ? {} : { group: of.group }), kind: of.resource },
  });
}

/** pods "web" already exists */
export function alreadyExists(of: Named, name: string): StatusError {
  const resource = of.group === "" ? of.resource : `${of.resource}.${of.group}`;
  return new StatusError("AlreadyExists", `${resource} "${name}" already exists`, {
    details: { name, ...(of.group === "" ? {} : { group: of.group }), kind: of.resource },
  });
}

/** The optimistic lock failed: read again and retry. */
export function conflict(
  of: Named,
  name: string,
  why = "the object has been modified; please apply your changes to the latest version and try again",
): StatusError {
  const resource = of.group === "" ? of.resource : `${of.resource}.${of.group}`;
  return new StatusError("Conflict", `Operation cannot be fulfilled on ${resource} "${name}": ${why}`, {
    details: { name, ...(of.group === "" ? {} : { group: of.group }), kind: of.resource },
  });
}

/** One field that is wrong, with its path as kubectl prints it: spec.containers[0].image */
export interface FieldError {
  type:
    | "FieldValueRequired"
    | "FieldValueInvalid"
    | "FieldValueDuplicate"
    | "FieldValueNotSupported"
    | "FieldValueForbidden"
    | "FieldValueTooLong"
    | "FieldValueTypeInvalid"
    | "FieldValueNotFound";
  field: string;
  /** The sentence after the path: `Required value: name is missing`, `Invalid value: "x": must be ...`. */
  message: string;
}

/** Pod "web" is invalid: spec.containers[0].image: Required value */
export function invalid(
  of: { group: string; kind: string },
  name: string,
  errors: FieldError[],
): StatusError {
  const kind = of.group === "" ? of.kind : `${of.kind}.${of.group}`;
  const list = errors.map((error) => `${error.field}: ${error.message}`);
  const text = list.length === 1 ? list[0] : `[${list.join(", ")}]`;
  return new StatusError("Invalid", `${kind} "${name}" is invalid: ${text}`, {
    details: {
      name,
      ...(of.group === "" ? {} : { group: of.group }),
      kind: of.kind,
      causes: errors.map((error) => ({ reason: error.type, message: error.message, field: error.field })),
    },
  });
}
