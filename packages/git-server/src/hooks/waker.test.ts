import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "@jdos/component-base/testing";
import { Waker } from "./waker.ts";

test("wake() calls at once, and what comes close after it once together", async () => {
  const clock = new FakeClock();
  const waker = new Waker({ clock, everyMillis: 250 });
  const calls: string[] = [];
  for (let count = 0; count < 5; count++) {
    waker.wake("a", () => calls.push("a"));
    waker.wake("b", () => calls.push("b"));
  }
  assert.deepEqual(calls, ["a", "b"]);
  const idle = waker.idle();
  clock.advance(249);
  assert.equal(calls.length, 2);
  clock.advance(1);
  await idle;
  assert.deepEqual(calls, ["a", "b", "a", "b"]);
  clock.advance(1000);
  waker.wake("a", () => calls.push("a"));
  assert.equal(calls.length, 5);
  waker.wake("a", () => calls.push("never"));
  waker.stop();
  clock.advance(1000);
  assert.equal(calls.length, 5);
});
