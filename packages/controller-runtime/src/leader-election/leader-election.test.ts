import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { Leases } from "@jdos/api";
import { startTestServer, type TestServer } from "@jdos/apiserver/testing";
import type { Client } from "@jdos/client";
import { FakeClock, silentLogger } from "@jdos/component-base/testing";
import { runAsLeader } from "./leader-election.ts";

const key = { namespace: "kube-system", name: "test-leader" };
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("runAsLeader", () => {
  let server: TestServer;
  let client: Client;
  let clock: FakeClock;
  const controllers: AbortController[] = [];
  beforeEach(async () => {
    server = await startTestServer();
    client = server.adminClient();
    clock = new FakeClock();
  });
  afterEach(async () => {
    for (const controller of controllers.splice(0)) controller.abort();
    await server.stop();
  });

  /** Lets time pass in small steps, with room for calls in between. */
  async function pass(seconds: number): Promise<void> {
    for (let passed = 0; passed < seconds; passed++) {
      clock.advance(1000);
      for (let turn = 0; turn < 5; turn++) await tick();
    }
  }

  function candidate(identity: string, own: Client = client) {
    const controller = new AbortController();
    controllers.push(controller);
    const state = { leads: false, led: 0, result: undefined as boolean | undefined };
    const done = runAsLeader(
      { client: own, log: silentLogger(), clock, ...key, identity },
      async (signal) => {
        state.leads = true;
        state.led++;
        await new Promise<void>((resolve) => {
          if (signal.aborted) resolve();
          else signal.addEventListener("abort", () => resolve());
        });
        state.leads = false;
      },
      controller.signal,
    ).then((result) => {
      state.result = result;
    });
    return { state, controller, done };
  }

  it("lets one candidate lead, and the next one when it leaves", async () => {
    const first = candidate("first");
    await pass(1);
    const second = candidate("second");
    await pass(60);
    assert.deepEqual([first.state.leads, second.state.leads], [true, false]);
    assert.equal((await client.get(Leases, key)).spec?.holderIdentity, "first");
    first.controller.abort();
    await first.done;
    assert.equal(first.state.result, true);
    await pass(5);
    assert.equal(second.state.leads, true);
    assert.equal((await client.get(Leases, key)).spec?.leaseTransitions, 1);
  });

  it("takes a lease that is not renewed any more, but only after its time by the candidate's own clock", async () => {
    const spec = {
      holderIdentity: "dead",
      leaseDurationSeconds: 15,
      renewTime: "2020-01-01T00:00:00.000000Z",
    };
    await client.create(Leases, { metadata: key, spec });
    const { state } = candidate("next");
    await pass(12);
    assert.equal(state.leads, false);
    await pass(10);
    assert.equal(state.leads, true);
  });

  it("stops at once when another holds the lease", async () => {
    const { state, done } = candidate("robbed");
    await pass(1);
    assert.equal(state.leads, true);
    await client.patch(Leases, key, {
      type: "merge",
      body: { spec: { holderIdentity: "robber", renewTime: "2026-01-01T00:00:02.000000Z" } },
    });
    await pass(4);
    assert.equal(state.leads, false);
    await done;
    assert.equal(state.result, false);
    assert.equal((await client.get(Leases, key)).spec?.holderIdentity, "robber");
  });

  it("takes work that ends by a refused write for a lost lease, and anything else for a failure", async () => {
    const election = { client, log: silentLogger(), clock, ...key, identity: "slow" };
    const late = runAsLeader(
      election,
      async (_, leadership) => {
        clock.advance(10_000);
        await leadership.fence(client).delete(Leases, key);
      },
      new AbortController().signal,
    );
    assert.equal(await late, false);
    assert.ok(await client.get(Leases, key));
    const failing = runAsLeader(
      election,
      async () => {
        throw new RangeError("broken");
      },
      new AbortController().signal,
    );
    await assert.rejects(failing, RangeError);
  });

  it("leads for the full time though its first read waited long for a server that was starting", async () => {
    let waitMillis = 8000;
    const slow = new Proxy(client, {
      get: (target, name) => {
        if (name === "get") {
          clock.advance(waitMillis);
          waitMillis = 0;
        }
        return Reflect.get(target, name).bind(target);
      },
    });
    const { state } = candidate("patient", slow);
    await pass(4);
    assert.deepEqual(state, { leads: true, led: 1, result: undefined });
  });

  it("stops before the lease runs out when the server cannot be reached", async () => {
    let reachable = true;
    const cut = new Proxy(client, {
      get: (target, name) =>
        reachable ? Reflect.get(target, name).bind(target) : () => Promise.reject(new Error("cut off")),
    });
    const { state, done } = candidate("cut-off", cut);
    await pass(3);
    assert.equal(state.leads, true);
    reachable = false;
    await pass(7);
    assert.equal(state.leads, true);
    await pass(6);
    assert.equal(state.leads, false);
    await done;
    assert.equal(state.result, false);
  });
});
