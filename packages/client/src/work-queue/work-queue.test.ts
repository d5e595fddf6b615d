import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "@jdos/component-base/testing";
import { createWorkQueue } from "./work-queue.ts";

describe("createWorkQueue", () => {
  it("add() keeps a waiting key once, in order of arrival", async () => {
    const handled: string[] = [];
    const queue = createWorkQueue();
    for (const key of ["a", "b", "a", "c"]) queue.add(key);
    queue.start(async (key) => void handled.push(key));
    await queue.idle();
    assert.deepEqual(handled, ["a", "b", "c"]);
  });

  it("add() of a key being handled handles it once more, never twice at a time", async () => {
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let running = 0;
    let rounds = 0;
    const queue = createWorkQueue({ concurrency: 4 });
    queue.start(async () => {
      assert.equal(++running, 1);
      await gates[rounds++]?.promise;
      running--;
    });
    queue.add("a");
    await Promise.resolve();
    await Promise.resolve();
    assert.equal(queue.active, 1);
    queue.add("a");
    queue.add("a");
    gates[0]?.resolve();
    gates[1]?.resolve();
    await queue.idle();
    assert.equal(rounds, 2);
  });

  it("start() handles no more than the concurrency at a time", async () => {
    let running = 0;
    let most = 0;
    const queue = createWorkQueue({ concurrency: 3 });
    queue.start(async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
    });
    for (let index = 0; index < 20; index++) queue.add(`k${index}`);
    await queue.idle();
    assert.equal(most, 3);
  });

  it("add() of a key handled just now waits for the interval, others do not", async () => {
    const clock = new FakeClock();
    const handled: string[] = [];
    const queue = createWorkQueue({ clock, minIntervalMillis: 100 });
    queue.start(async (key) => void handled.push(key));
    queue.add("a");
    await queue.idle();
    for (const key of ["a", "b", "a"]) queue.add(key);
    const idle = queue.idle();
    await Promise.resolve();
    await Promise.resolve();
    assert.deepEqual(handled, ["a", "b"]);
    assert.equal(queue.length, 1);
    clock.advance(100);
    await idle;
    assert.deepEqual(handled, ["a", "b", "a"]);
    clock.advance(100);
    queue.add("a");
    await queue.idle();
    assert.deepEqual(handled, ["a", "b", "a", "a"]);
    queue.add("a");
    await queue.stop();
    clock.advance(100);
    assert.equal(handled.length, 4);
  });

  it("addAfter() waits, and the earliest delay wins", async () => {
    const clock = new FakeClock();
    const handled: string[] = [];
    const queue = createWorkQueue({ clock });
    queue.start(async (key) => void handled.push(key));
    queue.addAfter("a", 1000);
    queue.addAfter("a", 200);
    queue.addAfter("a", 5000);
    clock.advance(199);
    await queue.idle();
    assert.deepEqual(handled, []);
    clock.advance(1);
    await queue.idle();
    clock.advance(10_000);
    await queue.idle();
    assert.deepEqual(handled, ["a"]);
  });

  it("retry() doubles the wait up to the maximum until forget()", async () => {
    const clock = new FakeClock();
    const queue = createWorkQueue({ clock, baseDelayMillis: 10, maxDelayMillis: 50, random: () => 1 });
    let handled = 0;
    queue.start(async () => void handled++);
    const waits: number[] = [];
    for (let round = 1; round <= 5; round++) {
      queue.retry("a");
      let waited = 0;
      for (; handled < round; waited++) {
        clock.advance(1);
        await queue.idle();
      }
      waits.push(waited);
    }
    assert.deepEqual(waits, [10, 20, 40, 50, 50]);
    queue.forget("a");
    assert.equal(queue.failures("a"), 0);
  });

  it("stop() drops what waits and ends after what is handled", async () => {
    const gate = Promise.withResolvers<void>();
    const handled: string[] = [];
    const queue = createWorkQueue();
    queue.start(async (key) => {
      await gate.promise;
      handled.push(key);
    });
    queue.add("a");
    queue.add("b");
    await Promise.resolve();
    await Promise.resolve();
    const stopping = queue.stop();
    gate.resolve();
    await stopping;
    assert.deepEqual(handled, ["a"]);
  });

  it("start() keeps going when a handler throws", async () => {
    const handled: string[] = [];
    const queue = createWorkQueue();
    queue.start(async (key) => {
      handled.push(key);
      throw new Error(key);
    });
    queue.add("a");
    queue.add("b");
    await queue.idle();
    assert.deepEqual(handled, ["a", "b"]);
  });
});
