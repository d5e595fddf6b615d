import assert from "node:assert/strict";
import { test } from "node:test";
import type { AnswerCounts } from "@jdos/api";
import { CanaryMeter, sumOfReplicas } from "./canary-meter.ts";

const canary = (weight: number, uid = "1") => ({
  ingress: "demo/web-canary",
  uid,
  weight,
  backends: ["new"],
  stable: ["old"],
});
const counts = (worker: string, fresh: [number, number], old: [number, number]) => {
  const of = ([requests, errors]: [number, number]): AnswerCounts => ({ requests, errors });
  return {
    worker,
    backends: new Map([
      ["new", of(fresh)],
      ["old", of(old)],
    ]),
  };
};

test("CanaryMeter counts since the weight is what it is, over workers that come and go", () => {
  const meter = new CanaryMeter();
  const read = () => {
    const { weight, canary: fresh, stable } = meter.traffic("demo/web-canary")!;
    return [weight, fresh.requests, fresh.errors, stable.requests, stable.errors];
  };
  meter.measure([canary(10)], counts("1", [5, 5], [100, 0]));
  assert.deepEqual(read(), [10, 0, 0, 0, 0]);
  meter.measure([canary(10)], counts("1", [15, 6], [190, 2]));
  assert.deepEqual(read(), [10, 10, 1, 90, 2]);
  meter.measure([canary(10)], counts("2", [1, 1], [9, 0]));
  assert.deepEqual(read(), [10, 11, 2, 99, 2]);
  meter.measure([canary(50)], counts("2", [2, 1], [10, 0]));
  assert.deepEqual(read(), [50, 0, 0, 0, 0]);
  meter.measure([canary(50, "2")], counts("2", [9, 1], [20, 0]));
  assert.deepEqual(read(), [50, 0, 0, 0, 0]);
  meter.measure([], counts("2", [9, 1], [20, 0]));
  assert.equal(meter.traffic("demo/web-canary"), undefined);
});

test("sumOfReplicas() adds up replicas of one weight, and knows nothing while they differ or are silent", () => {
  const of = (weight: number) => ({
    weight,
    canary: { requests: 10, errors: 1 },
    stable: { requests: 20, errors: 2 },
  });
  assert.deepEqual(sumOfReplicas([of(10), of(10)])?.canary, { requests: 20, errors: 2 });
  assert.equal(sumOfReplicas([of(10), of(20)]), undefined);
  assert.equal(sumOfReplicas([of(10), undefined]), undefined);
});
