import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Nodes } from "@jdos/api";
import { startTestServer, type TestServer } from "@jdos/apiserver/testing";
import type { Client } from "@jdos/client";
import { unreadLogs } from "./unread-logs.ts";
import { completeValues } from "./values.ts";

describe("unreadLogs()", () => {
  let server: TestServer;
  let client: Client;
  before(async () => {
    server = await startTestServer();
    client = server.adminClient();
    for (const [name, containerRuntimeVersion] of [
      ["n1", "containerd://1.6.20"],
      ["n2", "docker://20.10.5"],
    ] as const) {
      await client.create(Nodes, { metadata: { name } });
      const body = { status: { nodeInfo: { containerRuntimeVersion } } };
      await client.patch(Nodes, { name }, { type: "merge", body }, { subresource: "status" });
    }
  });
  after(() => server.stop());

  const values = (logs: object) => completeValues({ logs }, { registry: "registry.example.org" });

  it("unreadLogs() names the nodes whose runtime is Docker, where logs are kept at all", async () => {
    assert.deepEqual(await unreadLogs(client, await values({})), [
      "Logs of Pods are not kept on nodes whose runtime is Docker (n2)",
    ]);
    assert.deepEqual(await unreadLogs(client, await values({ provider: "none" })), []);
  });

  it("unreadLogs() says nothing to who may not look", async () => {
    const nobody = server.clientFor({ name: "nobody", groups: ["system:authenticated"] });
    assert.deepEqual(await unreadLogs(nobody, await values({})), []);
  });
});
