import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Clock, systemClock } from "./clock.ts";
import { FakeClock } from "./testing/fake-clock.ts";

describe("Clock", () => {
  const clocks: [name: string, clock: Clock, pass: (millis: number) => void][] = [
    ["systemClock", systemClock, () => {}],
    (() => {
      const fake = new FakeClock();
      return ["FakeClock", fake, (millis) => fake.advance(millis)] satisfies [
        string,
        Clock,
        (millis: number) => void,
      ];
    })(),
  ];
  for (const [name, clock, pass] of clocks) {
    it(`${name} sleep() resolves after the delay`, async () => {
      const started = clock.monotonicMillis();
      const sleeping = clock.sleep(20);
      pass(20);
      await sleeping;
      assert.ok(clock.monotonicMillis() - started >= 19);
    });

    it(`${name} sleep() rejects with the signal's reason, at once when it has fired already`, async () => {
      const controller = new AbortController();
      const sleeping = clock.sleep(1_000_000, controller.signal);
      controller.abort(new Error("enough"));
      await assert.rejects(sleeping, { message: "enough" });
      await assert.rejects(clock.sleep(1_000_000, controller.signal), { message: "enough" });
    });

    it(`${name} schedule() can be cancelled`, async () => {
      let fired = false;
      const timer = clock.schedule(1, () => {
        fired = true;
      });
      timer.cancel();
      timer.cancel();
      pass(5);
      await new Promise((resolve) => setTimeout(resolve, 5));
      assert.equal(fired, false);
    });
  }

  it("FakeClock advance() fires timers in the order of their time, also those that are added meanwhile", () => {
    const clock = new FakeClock();
    const order: string[] = [];
    clock.schedule(30, () => order.push(`late at ${clock.now().getTime() % 1000}`));
    clock.schedule(10, () => {
      order.push(`early at ${clock.now().getTime() % 1000}`);
      clock.schedule(10, () => order.push(`added at ${clock.now().getTime() % 1000}`));
    });
    clock.advance(100);
    assert.deepEqual(order, ["early at 10", "added at 20", "late at 30"]);
    assert.equal(clock.pendingTimers, 0);
  });
});
