import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "@jdos/component-base/testing";
import { RateLimiter } from "./rate-limiter.ts";

describe("RateLimiter", () => {
  it("wait() lets a burst through and spreads the rest", async () => {
    const clock = new FakeClock();
    const limiter = new RateLimiter({ perSecond: 10, burst: 2, clock });
    const passed: number[] = [];
    const started = clock.monotonicMillis();
    for (let index = 0; index < 4; index++)
      void limiter.wait().then(() => passed.push(clock.monotonicMillis() - started));
    for (let millis = 0; millis <= 300; millis += 50) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(50);
    }
    assert.deepEqual(passed, [0, 0, 100, 200]);
  });
});
