import assert from "node:assert/strict";
import { it } from "node:test";
import { BackOff, formatDelay } from "./back-off.ts";

it("BackOff doubles from 10 seconds to 5 minutes and begins anew after 10 quiet minutes", () => {
  const backOff = new BackOff();
  let now = 0;
  assert.equal(backOff.remaining("k", now, now), 0);
  const delays: number[] = [];
  for (let crash = 0; crash < 7; crash++) {
    backOff.next("k", now, now);
    delays.push(backOff.delay("k") / 1000);
    now += 1000;
  }
  assert.deepEqual(delays, [10, 20, 40, 80, 160, 300, 300]);
  assert.equal(backOff.remaining("k", now, now + 100_000), 200_000);
  now += 700_000;
  assert.equal(backOff.remaining("k", now, now), 0);
  backOff.next("k", now, now);
  assert.equal(backOff.delay("k"), 10_000);
});

it("forget() drops the keys of one Pod", () => {
  const backOff = new BackOff();
  for (const key of ["a/1", "a/2", "b/1"]) backOff.next(key, 0, 0);
  backOff.forget("a/");
  assert.deepEqual([backOff.delay("a/1"), backOff.delay("a/2"), backOff.delay("b/1")], [0, 0, 10_000]);
});

it("formatDelay() writes what Go writes", () => {
  assert.deepEqual([10_000, 80_000, 300_000].map(formatDelay), ["10s", "1m20s", "5m0s"]);
});
