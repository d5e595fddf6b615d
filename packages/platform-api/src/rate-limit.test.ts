import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RateLimit } from "./rate-limit.ts";

describe("RateLimit", () => {
  it("pass() lets a burst of two seconds through, then as many as time brings, each key for itself", () => {
    let now = 0;
    const limit = new RateLimit({ perSecond: 2, now: () => now });
    for (let count = 0; count < 4; count++) limit.pass("ada");
    assert.throws(() => limit.pass("ada"), { code: "TooManyRequests" });
    limit.pass("bob");
    now = 1000;
    limit.pass("ada");
  });
});
