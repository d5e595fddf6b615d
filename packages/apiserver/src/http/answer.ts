import { messageOf, StatusError } from "@jdos/apimachinery";
import { stringify as toYaml } from "yaml";
import type { AnswerForm } from "./negotiate.ts";
import type { ApiResponse } from "./request.ts";

export const JSON_TYPE = "application/json";

/** An answer with JSON that is already made. */
export function json(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): ApiResponse {
  return { status, headers: { "content-type": JSON_TYPE, ...headers }, body };
}

export function text(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): ApiResponse {
  return {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff", ...headers },
    body,
  };
}

/** An answer in the form asked for. */
export function value(
  status: number,
  object: unknown,
  options: { form: AnswerForm; pretty?: boolean; headers?: Readonly<Record<string, string>> },
): ApiResponse {
  const { form, pretty = false, headers = {} } = options;
  if (form.format === "yaml") {
    return {
      status,
      headers: { "content-type": "application/yaml", ...headers },
      body: toYaml(object, { aliasDuplicateObjects: false }),
    };
  }
  return json(
    status,
    pretty ? `${JSON.stringify(object, null, 2)}\n` : `${JSON.stringify(object)}\n`,
    headers,
  );
}

/** What went wrong as a Status; what is no StatusError is our fault and says so. */
export function statusErrorOf(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  // The walks over an object go as deep as the object does.
  if (error instanceof RangeError && error.message.includes("call stack")) {
    return new StatusError("BadRequest", "the object is nested too deeply", { cause: error });
  }
  return new StatusError("InternalError", `Internal error occurred: ${messageOf(error)}`, {
    cause: error,
    details: { causes: [{ message: messageOf(error) }] },
  });
}

export function failure(error: StatusError, headers: Readonly<Record<string, string>> = {}): ApiResponse {
  const retry = error.details?.retryAfterSeconds ?? (error.code === 429 ? 1 : undefined);
  return json(error.code, `${JSON.stringify(error.toStatus())}\n`, {
    ...(retry === undefined ? {} : { "retry-after": String(retry) }),
    ...(error.code === 401 ? { "www-authenticate": "Bearer" } : {}),
    ...headers,
  });
}

/** RFC 7234 warnings, as kubectl prints them. What a header cannot carry is written as its JSON escape. */
export function warningHeaders(warnings: readonly string[]): Record<string, string> {
  if (warnings.length === 0) return {};
  return { warning: warnings.map((sentence) => `299 - ${quoted(sentence)}`).join(", ") };
}

function quoted(sentence: string): string {
  return JSON.stringify(sentence).replace(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
