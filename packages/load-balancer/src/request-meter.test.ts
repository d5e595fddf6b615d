import assert from "node:assert/strict";
import { test } from "node:test";
import { createMetrics } from "@jdos/component-base";
import type { Counted } from "./haproxy/backend-counts.ts";
import { LATENCY_BOUNDS } from "./haproxy/latency.ts";
import { type Owner, RequestMeter } from "./request-meter.ts";

const hello: Owner = { system: "demo", application: "hello" };
const shop: Owner = { system: "other", application: "shop" };
const owners = new Map([
  ["a", hello],
  ["b", shop],
]);

/** What slot http-0 counted: answers of 200 and of 500, each within ten seconds. */
function counted(worker: string, serves: string | null, [good, bad]: [number, number]): Counted {
  const latency = [...LATENCY_BOUNDS.map((bound) => (bound < 10_000 ? 0 : good)), good + bad];
  return { worker, slots: [{ name: "http-0", serves, codes: [0, good, 0, 0, bad, 0], latency }] };
}

test("RequestMeter gives each application what was counted while it stood there, over workers that come and go", async () => {
  const metrics = createMetrics();
  const meter = new RequestMeter(metrics);
  const read = async (
    owner: Owner,
    what = 'jdos_http_requests_total{CODE="2xx"}',
  ): Promise<number | undefined> => {
    const [, name, label] = /^(\w+)\{(.*)\}$/.exec(what)!;
    const labels = `system="${owner.system}",application="${owner.application}",${label!.replace("CODE", "code")}`;
    const line = (await metrics.text()).split("\n").find((one) => one.startsWith(`${name}{${labels}}`));
    return line === undefined ? undefined : Number(line.split(" ").at(-1));
  };
  meter.measure(counted("1", "a", [100, 7]), owners);
  assert.equal(await read(hello), undefined);
  meter.measure(counted("1", "a", [110, 8]), owners);
  assert.equal(await read(hello), 10);
  assert.equal(await read(hello, 'jdos_http_requests_total{CODE="5xx"}'), 1);
  assert.equal(await read(hello, 'jdos_http_requests_total{CODE="4xx"}'), 0);
  assert.equal(await read(hello, 'jdos_http_request_duration_seconds_bucket{le="10"}'), 10);
  assert.equal(await read(hello, 'jdos_http_request_duration_seconds_bucket{le="+Inf"}'), 11);
  meter.measure(counted("1", null, [111, 8]), owners);
  meter.measure(counted("1", "b", [112, 8]), owners);
  assert.equal(await read(hello), 10);
  assert.equal(await read(shop), 1);
  meter.measure(counted("2", "b", [5, 0]), owners);
  assert.equal(await read(shop), 6);
  meter.measure(counted("2", "b", [5, 0]), new Map([["b", shop]]));
  assert.equal(await read(hello), undefined);
  assert.equal(await read(shop), 6);
});
