/** A server that asks for a longer wait than this is not waited for: its refusal is thrown, with the wait in it. */
const MAX_SECONDS = 30;

/**
 * The wait that an answer of 429 or 503 asks for (RFC 9110, 10.2.3: seconds or a date); undefined when it asks for
 * none, or is no such answer.
 */
export function retryAfterSeconds(
  answer: { status: number; headers: Readonly<Record<string, string>> },
  now: Date,
): number | undefined {
  if (answer.status !== 429 && answer.status !== 503) return undefined;
  const text = answer.headers["retry-after"]?.trim() ?? "";
  if (/^\d+$/.test(text)) return Number(text);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now.getTime()) / 1000);
}

export interface RetryWaitOptions {
  /** Retries before this one. */
  attempt: number;
  /** From 0 to 1; defaults to Math.random. */
  random?: () => number;
}

/**
 * The wait before an answer is asked for again: never shorter than the server asked, and longer by a random part
 * that grows with the attempts, so that those who were refused together do not come back together. Undefined when
 * the wait is too long to be waited out within a call.
 */
export function retryWaitMillis(
  seconds: number,
  { attempt, random = Math.random }: RetryWaitOptions,
): number | undefined {
  if (seconds > MAX_SECONDS) return undefined;
  return seconds * 1000 + random() * Math.max(seconds * 500, Math.min(1000, 20 * 2 ** attempt));
}
