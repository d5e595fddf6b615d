export type HarborErrorCode =
  | "HarborUnreachable"
  | "NotHarbor"
  | "HarborRefused"
  | "HarborUnauthorized"
  | "HarborForbidden"
  | "HarborNotFound"
  | "HarborConflict"
  | "HarborPreconditionFailed"
  | "HarborBusy"
  | "HarborFailed"
  | "ProjectTaken";

export interface HarborErrorOptions {
  hint: string;
  /** Of the answer. */
  status?: number;
  /** What Harbor asks to wait before the next request. */
  retryAfterSeconds?: number;
  cause?: unknown;
}

/** What Harbor refuses or cannot do, for the person who runs the platform. */
export class HarborError extends Error {
  override readonly name = "HarborError";
  readonly code: HarborErrorCode;
  readonly hint: string;
  readonly status: number | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: HarborErrorCode, message: string, options: HarborErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.status = options.status;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

const ACCOUNT = "registry.credentialsFile";
/** What each answer means, and what to do. Source: goharbor/harbor, src/lib/http/error.go. */
const ANSWERS: Readonly<Record<number, readonly [HarborErrorCode, string]>> = {
  400: ["HarborRefused", "This version of Harbor may be too old or too new: see docs/registries.md"],
  401: [
    "HarborUnauthorized",
    `Its password may have changed: give it anew with ${ACCOUNT}, then jdos upgrade`,
  ],
  403: [
    "HarborForbidden",
    "Let the account create projects, and administer those of Systems; quotas need a system administrator",
  ],
  404: ["HarborNotFound", "Somebody may have deleted it: it is made again at the next look"],
  409: ["HarborConflict", "Something of this name is there already: it is looked at again"],
  412: ["HarborPreconditionFailed", "Harbor's message says what stands in the way"],
  429: ["HarborBusy", "It is tried again by itself"],
};

/** The error of an answer that is none of 2xx. */
export function harborError(
  what: string,
  { status, headers }: Pick<Response, "status" | "headers">,
  text: string,
): HarborError {
  const [code, hint] = ANSWERS[status] ?? [
    "HarborFailed",
    "Look at Harbor's log (core); it is tried again by itself",
  ];
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  const said = messageOf(text);
  return new HarborError(code, `Cannot ${what}: Harbor answered ${status}${said === "" ? "" : `: ${said}`}`, {
    hint,
    status,
    ...(Number.isFinite(seconds) && seconds > 0 ? { retryAfterSeconds: Math.min(seconds, 600) } : {}),
  });
}

function messageOf(text: string): string {
  try {
    const { errors = [] } = JSON.parse(text) as { errors?: { message?: string }[] };
    return errors
      .map(({ message = "" }) => message)
      .join("; ")
      .slice(0, 300);
  } catch {
    return text.trim().startsWith("<") ? "" : text.trim().slice(0, 200);
  }
}
