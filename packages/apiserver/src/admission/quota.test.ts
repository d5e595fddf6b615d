import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ConfigMaps, LimitRanges, Namespaces, Pods, ResourceQuotas } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { startTestServer, type TestServer } from "../testing/index.ts";

const refused = (pattern: RegExp) => (error: unknown) =>
  isStatus(error, "Forbidden") && pattern.test(error.message);
let server: TestServer;
let client: Client;

before(async () => {
  server = await startTestServer();
  client = server.adminClient();
});
after(() => server.stop());

const pod = (namespace: string, name: string, requests?: Record<string, string>) => ({
  metadata: { namespace, name },
  spec: {
    containers: [{ name: "c", image: "i", ...(requests === undefined ? {} : { resources: { requests } }) }],
  },
});

describe("resourceQuota()", () => {
  it("resourceQuota() counts writes that are not on disk yet, and gives back what ends", async () => {
    const namespace = "counted";
    await client.create(Namespaces, { metadata: { name: namespace } });
    await client.create(ResourceQuotas, {
      metadata: { name: "q", namespace },
      spec: { hard: { pods: "2", "requests.cpu": "1" } },
    });
    await assert.rejects(
      client.create(Pods, pod(namespace, "silent")),
      refused(/failed quota: q: must specify requests.cpu for: c/),
    );
    const results = await Promise.allSettled(
      ["a", "b", "c"].map((name) => client.create(Pods, pod(namespace, name, { cpu: "400m" }))),
    );
    assert.deepEqual(
      results.map(({ status }) => status),
      ["fulfilled", "fulfilled", "rejected"],
    );
    await assert.rejects(
      client.create(Pods, pod(namespace, "c", { cpu: "400m" })),
      refused(
        /exceeded quota: q, requested: pods=1,requests.cpu=400m, used: pods=2,requests.cpu=800m, limited: pods=2,requests.cpu=1/,
      ),
    );
    await client.delete(Pods, { namespace, name: "a" });
    await assert.rejects(
      client.create(Pods, pod(namespace, "c", { cpu: "700m" })),
      refused(/requested: requests.cpu=700m, used: requests.cpu=400m/),
    );
    await client.create(Pods, pod(namespace, "c", { cpu: "600m" }));
  });

  it("resourceQuota() counts objects of any resource", async () => {
    const namespace = "objects";
    await client.create(Namespaces, { metadata: { name: namespace } });
    await client.create(ResourceQuotas, {
      metadata: { name: "q", namespace },
      spec: { hard: { "count/configmaps": "1" } },
    });
    await client.create(ConfigMaps, { metadata: { namespace, name: "one" } }, { dryRun: true });
    await client.create(ConfigMaps, { metadata: { namespace, name: "one" } });
    await assert.rejects(
      client.create(ConfigMaps, { metadata: { namespace, name: "two" } }),
      refused(/exceeded quota: q, requested: count\/configmaps=1/),
    );
  });
});

describe("limitRanger()", () => {
  it("limitRanger() gives defaults and holds to the bounds", async () => {
    const namespace = "limited";
    await client.create(Namespaces, { metadata: { name: namespace } });
    await client.create(LimitRanges, {
      metadata: { name: "l", namespace },
      spec: {
        limits: [
          {
            type: "Container",
            default: { memory: "128Mi" },
            defaultRequest: { cpu: "100m" },
            max: { memory: "256Mi" },
          },
        ],
      },
    });
    const made = await client.create(Pods, pod(namespace, "a"));
    assert.deepEqual(made.spec?.containers[0]?.resources, {
      limits: { memory: "128Mi" },
      requests: { cpu: "100m", memory: "128Mi" },
    });
    const big = {
      ...pod(namespace, "b"),
      spec: { containers: [{ name: "c", image: "i", resources: { limits: { memory: "1Gi" } } }] },
    };
    await assert.rejects(
      client.create(Pods, big),
      refused(/maximum memory usage per Container is 256Mi, but limit is 1Gi/),
    );
  });
});
