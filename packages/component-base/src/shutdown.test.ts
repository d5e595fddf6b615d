import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createShutdown } from "./shutdown.ts";
import { silentLogger } from "./testing/silent-logger.ts";

describe("createShutdown", () => {
  it("stop() stops the last started first, once", async () => {
    const order: string[] = [];
    const shutdown = createShutdown({ log: silentLogger() });
    shutdown.add("first", () => void order.push("first"));
    shutdown.add("second", { stop: async () => void order.push("second") });
    await Promise.all([shutdown.stop(), shutdown.stop()]);
    assert.deepEqual(order, ["second", "first"]);
    assert.ok(shutdown.signal.aborted);
  });

  it("stop() finishes the list before it reports a failure", async () => {
    const order: string[] = [];
    const shutdown = createShutdown({ log: silentLogger(), timeoutSeconds: 0.05 });
    shutdown.add("first", () => void order.push("first"));
    shutdown.add("broken", () => Promise.reject(new Error("no")));
    shutdown.add("stuck", () => new Promise(() => {}));
    await assert.rejects(shutdown.stop(), (error: AggregateError) => {
      assert.equal(
        error.message,
        'Cannot stop every part: "stuck": still running after 0.05 s; "broken": no',
      );
      assert.equal(error.errors.length, 2);
      return true;
    });
    assert.deepEqual(order, ["first"]);
  });
});
