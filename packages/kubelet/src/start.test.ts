import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Leases, Nodes, Pods } from "@jdos/api";
import type { Client } from "@jdos/client";
import { isReady, NODE, testPod, waitForPod } from "./testing/cluster.ts";
import { TestNode } from "./testing/test-node.ts";

describe("kubelet", () => {
  let node: TestNode;
  let client: Client;

  before(async () => {
    node = await TestNode.start({
      level: (process.env.LEVEL ?? "error") as "error",
    });
    client = node.client;
  });
  after(() => node?.stop());

  it("start() registers the node with its capacity, addresses and port, and holds its lease", async () => {
    const registered = await client.get(Nodes, { name: NODE });
    assert.equal(registered.status?.daemonEndpoints?.kubeletEndpoint?.Port, node.kubelet.port);
    assert.ok(Number(registered.status?.capacity?.cpu) > 0);
    assert.deepEqual(registered.status?.addresses?.map((item) => item.type).sort(), [
      "Hostname",
      "InternalIP",
    ]);
    const lease = await client.get(Leases, { namespace: "kube-node-lease", name: NODE });
    assert.equal(lease.spec?.holderIdentity, NODE);
  });

  it("a Pod becomes ready, and leaves nothing when it is deleted", async () => {
    await client.create(Pods, testPod({ name: "plain" }));
    const pod = await waitForPod(client, { name: "plain" }, isReady);
    assert.equal(pod?.status?.phase, "Running");
    assert.equal(pod?.status?.podIP, "127.0.0.1");
    assert.match(pod?.status?.containerStatuses?.[0]?.containerID ?? "", /^containerd:\/\/[0-9a-f]{64}$/);
    await client.delete(Pods, { namespace: "default", name: "plain" });
    await waitForPod(client, { name: "plain" }, (item) => item === undefined);
  });
});
