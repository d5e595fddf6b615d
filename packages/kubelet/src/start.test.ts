import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Leases, Nodes, Pods } from "@jdos/api";
import { startTestServer, type TestServer } from "@jdos/apiserver/testing";
import type { Client } from "@jdos/client";
import {
  isReady,
  NODE,
  NODE_USER,
  prepareNamespace,
  startTestKubelet,
  type TestKubelet,
  testPod,
  waitForPod,
} from "./testing/cluster.ts";
import { startTestContainerd, type TestContainerd } from "./testing/containerd.ts";

describe("kubelet", () => {
  let server: TestServer;
  let client: Client;
  let containerd: TestContainerd;
  let kubelet: TestKubelet;

  before(async () => {
    [server, containerd] = await Promise.all([startTestServer(), startTestContainerd()]);
    client = server.adminClient();
    await prepareNamespace(client, "default");
    kubelet = await startTestKubelet(server.clientFor(NODE_USER), containerd, {
      level: (process.env.LEVEL ?? "error") as "error",
    });
  });
  after(async () => {
    await kubelet?.stop();
    await containerd?.stop();
    await server?.stop();
  });

  it("start() registers the node with its capacity, addresses and port, and holds its lease", async () => {
    const node = await client.get(Nodes, { name: NODE });
    assert.equal(node.status?.daemonEndpoints?.kubeletEndpoint?.Port, kubelet.port);
    assert.ok(Number(node.status?.capacity?.cpu) > 0);
    assert.deepEqual(node.status?.addresses?.map((item) => item.type).sort(), ["Hostname", "InternalIP"]);
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
