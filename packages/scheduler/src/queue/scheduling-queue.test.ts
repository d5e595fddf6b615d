import assert from "node:assert/strict";
import { test } from "node:test";
import { pod } from "../testing/index.ts";
import { SchedulingQueue } from "./scheduling-queue.ts";

const nameOf = (taken: ReturnType<typeof pod> | undefined): string | undefined => taken?.metadata.name;

test("take() hands out by priority, then by age", () => {
  const queue = new SchedulingQueue();
  for (const [name, priority] of [
    ["old", 0],
    ["new", 0],
    ["vip", 100],
  ] as const)
    queue.add(pod(name, {}, { priority }));
  assert.deepEqual([nameOf(queue.take()), nameOf(queue.take()), nameOf(queue.take())], ["vip", "old", "new"]);
  assert.equal(queue.take(), undefined);
});

test("remove() passes over a Pod that waits, and add() afterwards counts once", () => {
  const queue = new SchedulingQueue();
  queue.add(pod("a"));
  queue.remove("default/a");
  queue.add(pod("a"));
  assert.equal(nameOf(queue.take()), "a");
  assert.equal(queue.take(), undefined);
});

test("park() keeps a Pod until wake()", () => {
  const queue = new SchedulingQueue({ initialBackOffSeconds: 0 });
  queue.add(pod("a"));
  queue.park(queue.take()!, queue.epoch);
  assert.equal(queue.take(), undefined);
  queue.wake();
  assert.equal(nameOf(queue.take()), "a");
});

test("park() does not miss a change that came while the decision was made", () => {
  const queue = new SchedulingQueue({ initialBackOffSeconds: 0 });
  queue.add(pod("a"));
  const { epoch } = queue;
  const taken = queue.take()!;
  queue.wake();
  queue.park(taken, epoch);
  assert.equal(nameOf(queue.take()), "a");
});
