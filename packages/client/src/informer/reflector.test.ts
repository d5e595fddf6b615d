import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { ConfigMaps } from "@jdos/api";
import { StatusError } from "@jdos/apimachinery";
import { FakeClock } from "@jdos/component-base/testing";
import type { Client } from "../client.ts";
import { TransportError } from "../errors.ts";
import { reflect } from "./reflector.ts";

const MINUTES = 10;

/** When a client is called whose server fails in this way, in seconds from the start, for ten minutes. */
async function callsDuring(fail: (call: "list" | "watch") => unknown): Promise<number[]> {
  const clock = new FakeClock();
  const started = clock.monotonicMillis();
  const calls: number[] = [];
  const failing = (call: "list" | "watch") => async () => {
    calls.push((clock.monotonicMillis() - started) / 1000);
    const answer = fail(call);
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const ending = new AbortController();
  const sink = { replace: () => {}, put: () => {}, remove: () => {} };
  const done = reflect(
    {
      client: { list: failing("list"), watch: failing("watch") } as unknown as Client,
      type: ConfigMaps,
      selection: {},
      sink,
      clock,
      onError: () => {},
    },
    ending.signal,
  );
  for (let millis = 0; millis < MINUTES * 60_000; millis += 50) {
    clock.advance(50);
    for (let turns = 0; turns < 3; turns++) await turn();
  }
  ending.abort();
  await done;
  return calls;
}

const list = { items: [], metadata: { resourceVersion: "5" } };
async function* ends(): AsyncGenerator<never> {}

/** Ten minutes at a wait of 15 to 30 s, after nine shorter ones. */
const MOST = 9 + (MINUTES * 60) / 15;

describe("reflect", () => {
  const outages: Record<string, (call: "list" | "watch") => unknown> = {
    "a server that is away": () => new TransportError("refused"),
    "a server that refuses watches": (call) => (call === "list" ? list : new StatusError("Forbidden", "no")),
    "a server that ends watches at once": (call) => (call === "list" ? list : ends()),
  };
  for (const [what, fail] of Object.entries(outages)) {
    it(`asks ${what} less and less often, and no two reflectors in step`, async () => {
      const [one, other] = await Promise.all([callsDuring(fail), callsDuring(fail)]);
      assert.ok(one.length <= MOST + 1, `${one.length} calls in ${MINUTES} minutes`);
      assert.ok(one.length >= 20, `${one.length} calls: it does not give up`);
      assert.notDeepEqual(one.slice(-5), other.slice(-5));
    });
  }

  it("meets a first expiry with a list at once, and further ones less and less often", async () => {
    const calls = await callsDuring((call) => (call === "list" ? list : new StatusError("Expired", "old")));
    assert.deepEqual(calls.slice(0, 4).map(Math.floor), [0, 0, 0, 0], "list, watch, list, watch");
    assert.ok(calls.length <= 2 * (MOST + 1), `${calls.length} calls in ${MINUTES} minutes`);
  });

  it("waits as long as a busy server asks, and then some", async () => {
    const busy = new StatusError("TooManyRequests", "later", { details: { retryAfterSeconds: 60 } });
    const calls = await callsDuring(() => busy);
    assert.ok(calls.length >= 6 && calls.length <= 10, `${calls.length} calls in ${MINUTES} minutes`);
    for (let index = 1; index < calls.length; index++) assert.ok(calls[index]! - calls[index - 1]! >= 60);
  });
});
