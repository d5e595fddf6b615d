import { type Status, StatusError } from "@jdos/apimachinery";
import type { TransportResponse } from "./transport.ts";

/** What an answer of 400 and above says. */
export async function refusal(answer: TransportResponse): Promise<StatusError> {
  const text = await answer.body.text().catch(() => "");
  try {
    const status = JSON.parse(text) as Status;
    if (status.kind === "Status") return StatusError.fromStatus(status, answer.status);
  } catch {
    // Not every server between speaks Status: its text is the message then.
  }
  const message = text.trim().slice(0, 500);
  return StatusError.fromStatus(
    { message: message === "" ? undefined : message, code: answer.status },
    answer.status,
  );
}
