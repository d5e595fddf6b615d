import { type Status, StatusError } from "@jdos/apimachinery";
import { retryAfterSeconds } from "./retry-after.ts";
import type { TransportResponse } from "./transport.ts";

/** What an answer of 400 and above says; the wait it asks for stands in the error's details. */
export function refusal({ status, headers }: TransportResponse, body: Buffer): StatusError {
  const text = body.toString("utf8");
  const error = StatusError.fromStatus(statusOf(text) ?? plainStatus(text, status), status);
  const wait = error.details?.retryAfterSeconds ?? retryAfterSeconds({ status, headers }, new Date());
  if (wait === undefined || wait === error.details?.retryAfterSeconds) return error;
  return new StatusError(error.reason, error.message, {
    code: error.code,
    details: { ...error.details, retryAfterSeconds: wait },
  });
}

function statusOf(text: string): Status | undefined {
  try {
    const status = JSON.parse(text) as Status | null;
    return status?.kind === "Status" ? status : undefined;
  } catch {
    // Not every server between speaks Status: its text is the message then.
    return undefined;
  }
}

/** A page for people to look at says nothing in a message. */
function plainStatus(text: string, code: number): Status {
  const message = text.trim().slice(0, 500);
  return { message: message === "" || message.startsWith("<") ? undefined : message, code };
}
