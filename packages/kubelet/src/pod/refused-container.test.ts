import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Pod, Pods, Secrets } from "@jdos/api";
import type { Client, Stored } from "@jdos/client";
import { createCriClient } from "../cri/cri-client.ts";
import { testPod, waitForPod } from "../testing/cluster.ts";
import { startTestRegistry, type TestRegistry } from "../testing/registry.ts";
import { TestNode } from "../testing/test-node.ts";

describe("a container that is to be root and not to be", () => {
  let node: TestNode;
  let client: Client;
  let registry: TestRegistry;

  before(async () => {
    registry = await startTestRegistry({ users: { team: { password: "t", prefix: "team/" } } });
    node = await TestNode.start({ resyncSeconds: 1 });
    client = node.client;
    const auths = { [registry.host]: { auth: Buffer.from("team:t").toString("base64") } };
    await client.create(Secrets, {
      metadata: { name: "team", namespace: "default" },
      type: "kubernetes.io/dockerconfigjson",
      data: { ".dockerconfigjson": Buffer.from(JSON.stringify({ auths })).toString("base64") },
    });
  });
  after(async () => {
    await node?.stop();
    await registry?.stop();
  });

  const pulling = (name: string, path: string) =>
    testPod({
      name,
      spec: { restartPolicy: "Never", imagePullSecrets: [{ name: "team" }] },
      container: {
        image: `${registry.host}/${path}`,
        imagePullPolicy: "IfNotPresent",
        securityContext: { runAsNonRoot: true, runAsUser: 0 },
      },
    });
  const waits = (reason: string) => (pod: Stored<Pod> | undefined) =>
    pod?.status?.containerStatuses?.[0]?.state?.waiting?.reason === reason;

  it("has its image pulled, with the Pod's credential, and is never made", async () => {
    await client.create(Pods, pulling("pulls", "team/app:1"));
    await waitForPod(client, { name: "pulls" }, waits("CreateContainerConfigError"));
    const cri = createCriClient(node.containerd.socket);
    try {
      const images = (await cri.listImages()).flatMap(({ repoTags }) => repoTags);
      assert.ok(images.includes(`${registry.host}/team/app:1`), images.join());
      assert.deepEqual(await cri.listContainers(), []);
      assert.deepEqual(registry.pulls, [{ repository: "team/app", user: "team" }]);
    } finally {
      cri.close();
    }
    await client.delete(Pods, { namespace: "default", name: "pulls" }, { gracePeriodSeconds: 0 });
  });

  it("says so where the image cannot be had", async () => {
    await client.create(Pods, pulling("fails", "others/app:1"));
    const failed = await waitForPod(
      client,
      { name: "fails" },
      (pod) => waits("ErrImagePull")(pod) || waits("ImagePullBackOff")(pod),
    );
    assert.notEqual(failed, undefined);
    await client.delete(Pods, { namespace: "default", name: "fails" }, { gracePeriodSeconds: 0 });
  });
});
