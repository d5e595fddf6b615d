import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { slowStart } from "./slow-start.ts";

describe("slowStart", () => {
  it("slowStart() makes exactly the calls asked for, in doubling batches", async () => {
    const batches: number[] = [];
    let running = 0;
    const result = await slowStart(10, async () => {
      running++;
      await new Promise((resolve) => setImmediate(resolve));
      if (running > 0) batches.push(running);
      running = 0;
    });
    assert.deepEqual(batches, [1, 2, 4, 3]);
    assert.deepEqual(result, { succeeded: 10, missing: 0, error: undefined });
  });

  it("slowStart() makes no further batch after a failure", async () => {
    let calls = 0;
    const result = await slowStart(100, async () => {
      if (++calls === 3) throw new Error("quota");
    });
    assert.equal(calls, 3);
    assert.deepEqual([result.succeeded, result.missing], [2, 98]);
    assert.match(String(result.error), /quota/);
  });

  it("slowStart() of nothing does nothing", async () => {
    assert.equal((await slowStart(0, () => Promise.reject(new Error("called")))).succeeded, 0);
  });
});
