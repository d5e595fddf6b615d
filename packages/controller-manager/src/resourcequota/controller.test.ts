import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ConfigMaps, Pods, ResourceQuotas, Services } from "@jdos/api";
import type { Client } from "@jdos/client";
import { startTestCluster, type TestCluster } from "../testing/index.ts";
import { resourceQuotaController } from "./controller.ts";

const namespace = "demo";

describe("resourceQuotaController", () => {
  let cluster: TestCluster;
  let client: Client;
  before(async () => {
    cluster = await startTestCluster({
      controllers: [resourceQuotaController()],
      namespaces: [namespace, "scoped"],
    });
    client = cluster.client;
  });
  after(() => cluster.stop());

  const untilUsed = async (name: string, used: Record<string, string>) => {
    const found = await cluster.until(
      ResourceQuotas,
      { namespace, name },
      ({ status }) => JSON.stringify(status?.used) === JSON.stringify(used),
    );
    assert.deepEqual(found.status?.hard, found.spec?.hard);
  };

  it("resourceQuotaController() shows what Pods and Services use, and forgets what is gone", async () => {
    await client.create(ConfigMaps, { metadata: { namespace, name: "c" } });
    const hard = {
      "count/configmaps": "10",
      "limits.memory": "1Gi",
      pods: "5",
      "requests.cpu": "2",
      services: "3",
    };
    await client.create(ResourceQuotas, { metadata: { namespace, name: "all" }, spec: { hard } });
    await untilUsed("all", {
      "count/configmaps": "1",
      "limits.memory": "0",
      pods: "0",
      "requests.cpu": "0",
      services: "0",
    });
    const resources = { requests: { cpu: "250m", memory: "64Mi" }, limits: { memory: "128Mi" } };
    for (const name of ["a", "b"]) {
      await client.create(Pods, {
        metadata: { namespace, name },
        spec: { containers: [{ name: "c", image: "i", resources }] },
      });
    }
    await client.create(Services, { metadata: { namespace, name: "s" }, spec: { ports: [{ port: 80 }] } });
    await untilUsed("all", {
      "count/configmaps": "1",
      "limits.memory": "256Mi",
      pods: "2",
      "requests.cpu": "500m",
      services: "1",
    });
    await client.delete(Pods, { namespace, name: "a" });
    await untilUsed("all", {
      "count/configmaps": "1",
      "limits.memory": "128Mi",
      pods: "1",
      "requests.cpu": "250m",
      services: "1",
    });
  });

  it("resourceQuotaController() counts what the scopes hold", async () => {
    const at = { namespace: "scoped", name: "best-effort" };
    await client.create(ResourceQuotas, {
      metadata: at,
      spec: { hard: { pods: "4" }, scopes: ["BestEffort"] },
    });
    for (const [name, resources] of [
      ["idle", {}],
      ["busy", { requests: { cpu: "1" } }],
    ] as const) {
      await client.create(Pods, {
        metadata: { namespace: "scoped", name },
        spec: { containers: [{ name: "c", image: "i", resources }] },
      });
    }
    await cluster.until(ResourceQuotas, at, ({ status }) => status?.used?.pods === "1");
  });
});
