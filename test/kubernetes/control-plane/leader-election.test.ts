/** Leader election by the machine's own clock, against etcd's compare-and-swap. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { Leases } from "@jdos/api";
import type { Client } from "@jdos/client";
import { silentLogger } from "@jdos/component-base/testing";
import { runAsLeader } from "@jdos/controller-runtime";
import { eventually } from "../../e2e/support/process.ts";
import { type Cluster, startCluster } from "../support/cluster.ts";
import { clientOf } from "../support/control-plane.ts";

const TIMES = { leaseSeconds: 3, renewDeadlineSeconds: 2, retrySeconds: 0.25 };

describe("runAsLeader, Kubernetes 1.20", () => {
  let cluster: Cluster;
  const clients: Client[] = [];
  const candidates: AbortController[] = [];
  before(async () => {
    cluster = await startCluster({ controllers: false });
  });
  afterEach(() => {
    for (const candidate of candidates.splice(0)) candidate.abort();
  });
  after(async () => {
    for (const client of clients) await client.close();
    await cluster?.stop();
  });

  /** A candidate with connections of its own. */
  async function candidate(name: string, identity: string) {
    const controller = new AbortController();
    const client = await clientOf(cluster.kubeconfig);
    clients.push(client);
    candidates.push(controller);
    const state = { leads: false, result: undefined as boolean | undefined };
    const done = runAsLeader(
      { client, log: silentLogger(), namespace: "kube-system", name, identity, ...TIMES },
      async (signal) => {
        state.leads = true;
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        state.leads = false;
      },
      controller.signal,
    ).then((result) => {
      state.result = result;
    });
    return { state, controller, done };
  }

  it("one of five leads at a time, and another at once when it leaves", async () => {
    const all = await Promise.all(["a", "b", "c", "d", "e"].map((identity) => candidate("crowd", identity)));
    const leading = () => all.filter(({ state }) => state.leads);
    for (let changes = 0; changes < 3; changes++) {
      await eventually(async () => assert.equal(leading().length, 1));
      const [leader] = leading();
      leader!.controller.abort();
      await leader!.done;
      assert.equal(leader!.state.result, true);
    }
    await eventually(async () => assert.equal(leading().length, 1));
    const lease = await cluster.client.get(Leases, { namespace: "kube-system", name: "crowd" });
    assert.equal(lease.spec?.leaseTransitions, 3);
  });

  it("a leader whose lease another took stops, and does not take it back", async () => {
    const robbed = await candidate("robbed", "first");
    await eventually(async () => assert.ok(robbed.state.leads));
    await cluster.client.patch(
      Leases,
      { namespace: "kube-system", name: "robbed" },
      { type: "merge", body: { spec: { holderIdentity: "robber" } } },
    );
    await robbed.done;
    assert.deepEqual([robbed.state.leads, robbed.state.result], [false, false]);
    const lease = await cluster.client.get(Leases, { namespace: "kube-system", name: "robbed" });
    assert.equal(lease.spec?.holderIdentity, "robber");
  });

  it("a leader stops before its lease runs out while the API server is away, and one leads when it is back", async () => {
    const both = [await candidate("away", "first"), await candidate("away", "second")];
    await eventually(async () => assert.equal(both.filter(({ state }) => state.leads).length, 1));
    const leader = both.find(({ state }) => state.leads)!;
    const killed = performance.now();
    await cluster.program("kube-apiserver").kill();
    await leader.done;
    assert.equal(leader.state.result, false);
    const seconds = (performance.now() - killed) / 1000;
    assert.ok(seconds < TIMES.leaseSeconds, `gave up after ${seconds} s`);
    await cluster.program("kube-apiserver").start();
    let other = both.find((one) => one !== leader)!;
    await eventually(async () => {
      // As its process does: a server that is slow while it starts can cost a leader its lease.
      if (other.state.result === false) other = await candidate("away", "second");
      assert.ok(other.state.leads);
    });
  });
});
