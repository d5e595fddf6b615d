/** How install brings an object to what its manifest says, where the API server has added to it. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Deployments, type Probe } from "@jdos/api";
import type { DeepReadonly } from "@jdos/apimachinery";
import { applyObject } from "@jdos/cli/testing";
import { type Cluster, startCluster } from "../support/cluster.ts";

type Probes = Partial<Record<"startupProbe" | "livenessProbe" | "readinessProbe", DeepReadonly<Probe>>>;

const key = { namespace: "default", name: "part" };

describe("applyObject(), Kubernetes 1.20", () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await startCluster({ controllers: false });
  });
  after(() => cluster?.stop());

  async function apply(probes: Probes): Promise<Probes> {
    const labels = { app: "part" };
    await applyObject(cluster.client, {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: key,
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { containers: [{ name: "part", image: "part", ...probes }] },
        },
      },
    } as never);
    const { spec } = await cluster.client.get(Deployments, key);
    return spec!.template.spec!.containers[0]!;
  }

  it("takes a probe away that a manifest no longer has, and changes how one asks", async () => {
    const httpGet = { path: "/livez", port: 8081 };
    const tcpSocket = { port: 8081 };
    const first = await apply({
      startupProbe: { httpGet, failureThreshold: 300 },
      livenessProbe: { httpGet, periodSeconds: 5 },
      readinessProbe: { tcpSocket, periodSeconds: 2 },
    });
    assert.equal(first.startupProbe?.httpGet?.path, "/livez");
    const next = await apply({
      livenessProbe: { tcpSocket },
      readinessProbe: { tcpSocket, periodSeconds: 2 },
    });
    assert.deepEqual(
      [next.startupProbe, next.livenessProbe?.httpGet, next.livenessProbe?.tcpSocket?.port],
      [undefined, undefined, 8081],
    );
    assert.deepEqual([next.livenessProbe?.periodSeconds, next.readinessProbe?.periodSeconds], [10, 2]);
  });
});
