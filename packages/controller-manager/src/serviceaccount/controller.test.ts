import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ConfigMaps, Namespaces, ServiceAccounts } from "@jdos/api";
import type { Client } from "@jdos/client";
import { startTestCluster, type TestCluster } from "../testing/index.ts";
import { serviceAccountController } from "./controller.ts";

describe("serviceAccountController", () => {
  let cluster: TestCluster;
  let client: Client;
  const account = { namespace: "demo", name: "default" };
  const ca = { namespace: "demo", name: "kube-root-ca.crt" };
  before(async () => {
    cluster = await startTestCluster({
      controllers: [serviceAccountController({ rootCaPem: "PEM" })],
      kubelet: false,
    });
    client = cluster.client;
    await client.create(Namespaces, { metadata: { name: "demo" } });
  });
  after(() => cluster.stop());

  it("serviceAccountController() gives a new namespace its account and the authority", async () => {
    await cluster.until(ServiceAccounts, account, () => true);
    const published = await cluster.until(ConfigMaps, ca, () => true);
    assert.deepEqual(published.data, { "ca.crt": "PEM" });
  });

  it("serviceAccountController() makes them again when they are deleted or changed", async () => {
    const before = await client.get(ServiceAccounts, account);
    await client.delete(ServiceAccounts, account);
    await cluster.until(ServiceAccounts, account, ({ metadata }) => metadata.uid !== before.metadata.uid);
    await client.patch(ConfigMaps, ca, { type: "merge", body: { data: { "ca.crt": "forged" } } });
    await cluster.until(ConfigMaps, ca, ({ data }) => data?.["ca.crt"] === "PEM");
  });
});
