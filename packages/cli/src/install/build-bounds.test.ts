import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { DaemonSets, Nodes } from "@jdos/api";
import { startTestServer, type TestServer } from "@jdos/apiserver/testing";
import type { Client } from "@jdos/client";
import { missingBuildBounds } from "./build-bounds.ts";
import { completeValues } from "./values.ts";

describe("missingBuildBounds()", () => {
  let server: TestServer;
  let client: Client;
  before(async () => {
    server = await startTestServer();
    client = server.adminClient();
    // Its kubelet is away, so nothing can be told of it.
    await client.create(Nodes, { metadata: { name: "n1" } });
  });
  after(() => server.stop());

  const values = (builds: object) => completeValues({ builds }, { registry: "registry.example.org" });

  it("missingBuildBounds() says that no network which enforces NetworkPolicies is known, and is silent when one is", async () => {
    const [notice, ...others] = await missingBuildBounds(client, await values({}));
    assert.match(notice ?? "", /^Builds may reach what any Pod does: no network /);
    assert.deepEqual(others, []);
    assert.deepEqual(await missingBuildBounds(client, await values({ confined: false })), []);
    const labels = { app: "calico" };
    await client.create(DaemonSets, {
      metadata: { name: "calico-node", namespace: "kube-system" },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: "node", image: "calico" }] } },
      },
    });
    assert.deepEqual(await missingBuildBounds(client, await values({})), []);
  });

  it("missingBuildBounds() says nothing to who may not look", async () => {
    const nobody = server.clientFor({ name: "nobody", groups: ["system:authenticated"] });
    assert.deepEqual(await missingBuildBounds(nobody, await values({})), []);
  });
});
