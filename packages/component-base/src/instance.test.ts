import assert from "node:assert/strict";
import { test } from "node:test";
import { instanceNames, MAX_INSTANCE } from "./instance.ts";

test("instanceNames() gives instance 0 the documented ports and ranges", () => {
  const names = instanceNames(0);
  assert.deepEqual(names.ports, { platform: 7080, kubernetes: 7443, routes: 8080, registry: 7500 });
  assert.equal(names.pods.range, "10.64.0.0/16");
  assert.equal(names.pods.gateway, "10.64.0.1");
  assert.equal(names.services.range, "10.128.0.0/16");
  assert.equal(names.services.dns, "10.128.0.10");
});

test("instanceNames() never gives two instances the same port, range, bridge or directory", () => {
  const seen = new Set<string | number>();
  for (let instance = 0; instance <= MAX_INSTANCE; instance++) {
    const names = instanceNames(instance);
    const taken = [
      names.ports.kubernetes,
      names.ports.registry,
      names.ports.platform,
      names.bridge,
      names.tables.pods,
      names.tables.services,
      names.pods.range,
      names.services.range,
      names.cgroupParent,
      names.runDir,
    ];
    for (const name of taken) {
      assert.ok(!seen.has(name), `${name} is taken twice`);
      seen.add(name);
    }
    assert.ok(names.bridge.length <= 15);
    assert.ok(Object.values(names.ports).every((port) => port < 32_768));
  }
});

test("instanceNames() refuses numbers outside the range", () => {
  for (const bad of [-1, MAX_INSTANCE + 1, 1.5, Number.NaN]) {
    assert.throws(() => instanceNames(bad), RangeError);
  }
});
