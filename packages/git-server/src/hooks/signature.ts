import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Received } from "./forges/forge.ts";

/** Whether two texts are the same, in a time that does not tell where they differ. */
export function sameText(given: string, expected: string): boolean {
  const key = "compare";
  return timingSafeEqual(hmac(key, given), hmac(key, expected));
}

/** Whether the text is the HMAC-SHA256 of the body, as hexadecimal digits behind the prefix. */
export function isHexSignature(given: string, { body }: Pick<Received, "body">, secret: string): boolean {
  return sameText(given.toLowerCase(), hmac(secret, body).toString("hex"));
}

/** One value of a header; "" where it is missing. */
export function headerOf(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  return typeof value === "string" ? value : (value?.[0] ?? "");
}

/** How far the clocks of sender and receiver may be apart, and how old a delivery may be. */
const TOLERANCE_SECONDS = 300;

export function hasStandardSignature(headers: IncomingHttpHeaders): boolean {
  return headers["webhook-signature"] !== undefined;
}

/**
 * Checks webhook-id, webhook-timestamp and webhook-signature: base64 of the HMAC-SHA256 over "<id>.<timestamp>.<body>",
 * several with spaces between. Source: the Standard Webhooks specification.
 */
export function verifyStandard({ headers, body }: Received, secret: string, now: Date): boolean {
  const id = headerOf(headers, "webhook-id");
  const timestamp = headerOf(headers, "webhook-timestamp");
  const expected = createHmac("sha256", secret).update(`${id}.${timestamp}.`).update(body).digest("base64");
  const signatures = headerOf(headers, "webhook-signature").split(" ").slice(0, 5);
  const signed = signatures.filter((given) => sameText(given, `v1,${expected}`)).length > 0;
  const fresh =
    /^\d{1,12}$/.test(timestamp) && Math.abs(now.getTime() / 1000 - Number(timestamp)) <= TOLERANCE_SECONDS;
  return signed && fresh && id !== "";
}

function hmac(key: string, data: string | Buffer): Buffer {
  return createHmac("sha256", key).update(data).digest();
}
