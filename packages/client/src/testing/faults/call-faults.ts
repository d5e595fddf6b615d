import assert from "node:assert/strict";
import { describe } from "node:test";
import { ConfigMaps } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import { afterBytes } from "./body-faults.ts";
import { type Check, json } from "./scene.ts";

/** What single calls promise when the server is busy, slow, or answers with something else. */
export function callFaults(check: Check): void {
  describe("a server that", () => {
    check("asks for a pause gets it, with some more that differs", async ({ proxy, follow }) => {
      const world = await follow();
      const headers = { "retry-after": "1" };
      proxy.inject({
        times: 2,
        answer: { status: 429, headers, body: json({ kind: "Status", code: 429 }) },
      });
      await world.client.create(ConfigMaps, { metadata: { namespace: world.namespace, name: "late" } });
      const [first, second, third] = world.requests().map(({ atMillis }) => atMillis);
      for (const wait of [second! - first!, third! - second!]) assert.ok(wait >= 1000, `waited ${wait} ms`);
      assert.equal(
        await world.count("rest_client_request_retries_total", { verb: "create", code: "429" }),
        2,
      );
      assert.equal(await world.count("rest_client_requests_total", { verb: "create", code: "201" }), 1);
    });

    check("asks for a pause without end is not waited for", async ({ proxy, follow }) => {
      const world = await follow();
      proxy.inject({ answer: { status: 503, headers: { "retry-after": "3600" } } });
      const started = performance.now();
      await assert.rejects(world.client.list(ConfigMaps, { namespace: world.namespace }), (error) => {
        assert.ok(isStatus(error, "ServiceUnavailable"), String(error));
        assert.equal(error.details?.retryAfterSeconds, 3600);
        return true;
      });
      assert.ok(performance.now() - started < 30_000);
      assert.equal(world.requests().length, 1);
    });
  });

  describe("a write whose answer", () => {
    check("is lost is not made again: nobody knows what it did", async ({ proxy, follow, subject }) => {
      const world = await follow();
      const key = { namespace: world.namespace, name: "once" };
      const lost = proxy.inject({ times: 1, loseAnswer: true });
      await assert.rejects(world.client.create(ConfigMaps, { metadata: key }), { code: "Transport" });
      assert.equal(lost.hits, 1);
      assert.equal(world.requests().length, 1);
      assert.ok(await subject.admin().get(ConfigMaps, key), "the server did it");
    });

    check("is cut short is no success", async ({ proxy, follow }) => {
      const world = await follow();
      proxy.inject({ times: 1, body: afterBytes(20, { cut: false }) });
      const metadata = { namespace: world.namespace, name: "short" };
      await assert.rejects(world.client.create(ConfigMaps, { metadata }), { code: "Garbled" });
      assert.equal(world.requests().length, 1);
    });

    check("comes too late is given up, and the connection with it", async ({ proxy, follow }) => {
      const world = await follow({ timeoutSeconds: 0.5 });
      proxy.inject({ times: 1, delayMillis: 60_000 });
      const metadata = { namespace: world.namespace, name: "late" };
      const started = performance.now();
      await assert.rejects(world.client.create(ConfigMaps, { metadata }), { code: "Transport" });
      assert.ok(performance.now() - started < 30_000);
    });
  });

  describe("a read", () => {
    check("on a connection that broke is made again, once", async ({ proxy, follow }) => {
      const world = await follow();
      await world.write("there");
      const key = { namespace: world.namespace, name: "there" };
      proxy.inject({ times: 1, loseAnswer: true });
      assert.ok(await world.client.get(ConfigMaps, key));
      proxy.inject({ loseAnswer: true });
      const before = world.requests().length;
      await assert.rejects(world.client.get(ConfigMaps, key), { code: "Transport" });
      assert.equal(world.requests().length - before, 2);
    });

    check("that is answered with another object is refused", async ({ proxy, follow }) => {
      const world = await follow();
      const body = json({ kind: "ConfigMap", apiVersion: "v1", metadata: { name: "other" } });
      proxy.inject({ answer: { status: 200, body } });
      const reading = world.client.get(ConfigMaps, { namespace: world.namespace, name: "mine" });
      await assert.rejects(reading, { code: "Garbled", message: /it is of "other", not of "mine"/ });
    });
  });
}
