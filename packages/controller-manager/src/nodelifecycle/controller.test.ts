import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Leases, type Node, Nodes } from "@jdos/api";
import { findCondition } from "@jdos/apimachinery";
import { startTestServer, type TestServer } from "@jdos/apiserver/testing";
import type { Client } from "@jdos/client";
import { FakeClock, silentLogger } from "@jdos/component-base/testing";
import { createManager, type Manager } from "@jdos/controller-runtime";
import { nodeLifecycleController } from "./controller.ts";
import { taintsOf } from "./taints.ts";

const lease = { namespace: "kube-node-lease", name: "n1" };

describe("nodeLifecycleController", () => {
  const clock = new FakeClock();
  let server: TestServer;
  let client: Client;
  let manager: Manager;
  before(async () => {
    server = await startTestServer();
    client = server.adminClient();
    manager = createManager({ client, log: silentLogger(), clock });
    manager.add(nodeLifecycleController({ clock, nodeGraceSeconds: 40 }));
    await manager.start();
    await client.create(Leases, {
      metadata: lease,
      spec: { holderIdentity: "n1", renewTime: "2026-01-01T00:00:00.000000Z" },
    });
    await client.create(Nodes, { metadata: { name: "n1" } });
    await setReady("True");
  });
  after(async () => {
    await manager.stop();
    await server.stop();
  });

  const setReady = (status: string) =>
    client.patch(
      Nodes,
      { name: "n1" },
      { type: "merge", body: { status: { conditions: [{ type: "Ready", status }] } } },
      { subresource: "status" },
    );

  async function until(done: (node: Node) => boolean): Promise<Node> {
    for await (const event of await client.watch(Nodes, { signal: AbortSignal.timeout(60_000) })) {
      if (event.type !== "BOOKMARK" && done(event.object as Node)) return event.object as Node;
    }
    throw new Error("Cannot wait for node: not as expected in time");
  }

  const keys = (node: Node) => node.spec?.taints?.map(({ key, effect }) => `${key}:${effect}`) ?? [];

  it("nodeLifecycleController() marks a silent node once its grace has passed, and clears it when it speaks again", async () => {
    await manager.idle();
    clock.advance(39_000);
    await client.patch(Leases, lease, {
      type: "merge",
      body: { spec: { renewTime: "2026-01-01T00:00:39.000000Z" } },
    });
    await manager.idle();
    clock.advance(39_000);
    await manager.idle();
    const alive = await client.get(Nodes, { name: "n1" });
    assert.equal(findCondition(alive.status?.conditions, "Ready")?.status, "True");

    clock.advance(60_000);
    const silent = await until((node) => keys(node).length > 0);
    const ready = findCondition(silent.status?.conditions, "Ready");
    assert.deepEqual(
      [ready?.status, ready?.reason, ready?.message],
      ["Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status."],
    );
    assert.deepEqual(keys(silent), ["node.kubernetes.io/unreachable:NoSchedule"]);

    await client.patch(Leases, lease, {
      type: "merge",
      body: { spec: { renewTime: "2026-01-01T00:03:00.000000Z" } },
    });
    await setReady("True");
    await until((node) => keys(node).length === 0);
  });
});

describe("taintsOf", () => {
  const node = (conditions: { type: string; status: string }[], taints?: { key: string; effect: string }[]) =>
    ({ metadata: { name: "n1" }, spec: { taints }, status: { conditions } }) as unknown as Parameters<
      typeof taintsOf
    >[0];

  it("taintsOf() follows the conditions and keeps the taints of others", () => {
    const mine = { key: "example.com/mine", effect: "NoSchedule" };
    const found = taintsOf(
      node(
        [
          { type: "Ready", status: "False" },
          { type: "DiskPressure", status: "True" },
        ],
        [mine],
      ),
    );
    assert.deepEqual(found, [
      mine,
      { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" },
      { key: "node.kubernetes.io/disk-pressure", effect: "NoSchedule" },
    ]);
  });

  it("taintsOf() returns the same array when nothing changes", () => {
    const taints = [{ key: "node.kubernetes.io/not-ready", effect: "NoSchedule" }];
    const given = node([{ type: "Ready", status: "False" }], taints);
    assert.equal(taintsOf(given), given.spec!.taints);
  });
});
