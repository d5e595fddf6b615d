import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createHealth, startHealthServer } from "./health.ts";
import { createMetrics } from "./metrics.ts";

describe("startHealthServer", () => {
  it("startHealthServer() answers what the checks and the metrics say", async () => {
    let ready = false;
    const health = createHealth({
      ready: {
        synced: () => {
          if (!ready) throw new Error("not synced");
        },
      },
    });
    const metrics = createMetrics();
    metrics.counter({ name: "pods_total", help: "Pods seen" }).inc(3);
    const server = await startHealthServer({ health, metrics, port: 0 });
    const get = async (path: string): Promise<[number, string]> => {
      const answer = await fetch(`http://127.0.0.1:${server.port}${path}`);
      return [answer.status, await answer.text()];
    };
    assert.deepEqual(await get("/readyz"), [503, "[-]synced failed: not synced\nreadyz check failed\n"]);
    ready = true;
    assert.deepEqual(await get("/readyz"), [200, "[+]synced ok\nreadyz check passed\n"]);
    assert.deepEqual(await get("/livez"), [200, "livez check passed\n"]);
    assert.match((await get("/metrics"))[1], /^pods_total 3$/m);
    assert.equal((await get("/else"))[0], 404);
    await server.stop();
  });

  it("startHealthServer() says when the port is taken", async () => {
    const health = createHealth({});
    const first = await startHealthServer({ health, port: 0 });
    await assert.rejects(startHealthServer({ health, port: first.port }), { code: "ListenFailed" });
    await first.stop();
  });
});

describe("createMetrics", () => {
  it("counter() gives the same metric for the same name", () => {
    const metrics = createMetrics();
    assert.equal(
      metrics.counter({ name: "a_total", help: "a" }),
      metrics.counter({ name: "a_total", help: "a" }),
    );
  });
});
