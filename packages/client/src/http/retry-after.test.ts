import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { retryAfterSeconds, retryWaitMillis } from "./retry-after.ts";

const now = new Date("2026-01-01T00:00:00Z");
const answer = (status: number, value?: string) => ({
  status,
  headers: (value === undefined ? {} : { "retry-after": value }) as Record<string, string>,
});

describe("retryAfterSeconds", () => {
  it("retryAfterSeconds() reads seconds and dates, of 429 and 503 alone", () => {
    assert.equal(retryAfterSeconds(answer(429, "3"), now), 3);
    assert.equal(retryAfterSeconds(answer(503, "Thu, 01 Jan 2026 00:00:05 GMT"), now), 5);
    assert.equal(retryAfterSeconds(answer(503, "Wed, 31 Dec 2025 00:00:00 GMT"), now), 0);
    for (const none of [answer(429), answer(500, "3"), answer(429, "soon"), answer(429, "")])
      assert.equal(retryAfterSeconds(none, now), undefined);
  });

  it("retryWaitMillis() waits at least as asked, spreads by a half, and gives up on long waits", () => {
    assert.equal(retryWaitMillis(2, { attempt: 0, random: () => 0 }), 2000);
    assert.equal(retryWaitMillis(2, { attempt: 0, random: () => 1 }), 3000);
    assert.equal(retryWaitMillis(0, { attempt: 3, random: () => 1 }), 160);
    assert.equal(retryWaitMillis(31, { attempt: 0 }), undefined);
  });
});
