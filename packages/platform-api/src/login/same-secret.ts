import { createHash, timingSafeEqual } from "node:crypto";

/** Compares secrets in a time that does not depend on where they differ. An empty secret equals nothing. */
export function sameSecret(given: string, expected: string): boolean {
  if (expected === "") return false;
  return timingSafeEqual(digest(given), digest(expected));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
