import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ConfigMaps, Pods, Secrets, ServiceAccounts } from "@jdos/api";
import type { Client } from "@jdos/client";
import { cgroupRoots, mountsBelow } from "@jdos/component-base";
import { createCriClient } from "./cri/cri-client.ts";
import { isReady, testPod, waitForPod } from "./testing/cluster.ts";
import { TestNode } from "./testing/test-node.ts";

describe("kubelet, started again", () => {
  let node: TestNode;
  let client: Client;

  before(async () => {
    node = await TestNode.start();
    client = node.client;
  });
  after(() => node?.stop());

  async function containerId(name: string): Promise<string | undefined> {
    const pod = await client.get(Pods, { namespace: "default", name });
    return pod.status?.containerStatuses?.[0]?.containerID;
  }

  it("adopts what runs: no restart, and no moment in which a ready Pod is not", async () => {
    const readinessProbe = { exec: { command: ["true"] }, periodSeconds: 1 };
    await client.create(Pods, testPod({ name: "stays", container: { readinessProbe } }));
    await waitForPod(client, { name: "stays" }, isReady);
    const before = await containerId("stays");
    const stop = new AbortController();
    const states: boolean[] = [];
    const events = await client.watch(Pods, {
      namespace: "default",
      fieldSelector: "metadata.name=stays",
      signal: stop.signal,
    });
    const watching = (async () => {
      for await (const event of events) if (event.type !== "BOOKMARK") states.push(isReady(event.object));
    })().catch(() => undefined);
    await node.restartKubelet();
    await client.create(Pods, testPod({ name: "next" }));
    await waitForPod(client, { name: "next" }, isReady);
    stop.abort();
    await watching;
    assert.equal(await containerId("stays"), before);
    assert.deepEqual(new Set(states), new Set([true]));
  });

  it("notices what ended while it was away", async () => {
    await client.create(
      Pods,
      testPod({ name: "ends", script: "sleep 0.3; exit 4", spec: { restartPolicy: "Never" } }),
    );
    await waitForPod(client, { name: "ends" }, isReady);
    await node.restartKubelet(() => new Promise((resolve) => setTimeout(resolve, 500)));
    const pod = await waitForPod(client, { name: "ends" }, (item) => item?.status?.phase === "Failed");
    assert.equal(pod?.status?.containerStatuses?.[0]?.state?.terminated?.exitCode, 4);
  });

  it("ends a Pod that was deleted while it was away, and removes all that was its", async () => {
    const spec = { volumes: [{ name: "m", emptyDir: { medium: "Memory" } }] };
    const container = { volumeMounts: [{ name: "m", mountPath: "/m" }] };
    await client.create(Pods, testPod({ name: "orphan", spec, container }));
    const pod = await waitForPod(client, { name: "orphan" }, isReady);
    const uid = pod!.metadata.uid;
    await node.restartKubelet(() =>
      client.delete(Pods, { namespace: "default", name: "orphan" }, { gracePeriodSeconds: 0 }),
    );
    const root = join(node.containerd.directory, "kubelet");
    const left = () => [
      ...["pods", "memory", "logs"].flatMap((name) =>
        readdirSync(join(root, name)).filter((entry) => entry.includes(uid)),
      ),
      ...mountsBelow(root).filter((mount) => mount.includes(uid)),
      ...cgroupRoots().filter((path) =>
        existsSync(`${path}${node.containerd.cgroupParent}/besteffort/pod${uid}`),
      ),
    ];
    for (const end = Date.now() + 20_000; left().length > 0 && Date.now() < end; ) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.deepEqual(left(), []);
  });

  it("goes on after containerd was killed and started again: containers run through it", async () => {
    const before = await containerId("stays");
    await node.containerd.restart();
    await client.create(Pods, testPod({ name: "after" }));
    await waitForPod(client, { name: "after" }, isReady);
    assert.equal(await containerId("stays"), before);
    assert.equal(isReady(await client.get(Pods, { namespace: "default", name: "stays" })), true);
  });

  it("makes a sandbox that died anew, and its containers with it", async () => {
    await client.create(Pods, testPod({ name: "sandbox" }));
    const pod = await waitForPod(client, { name: "sandbox" }, isReady);
    const cri = createCriClient(node.containerd.socket);
    try {
      const [sandbox] = await cri.listPodSandboxes({
        labelSelector: { "io.kubernetes.pod.uid": pod!.metadata.uid },
      });
      await cri.stopPodSandbox(sandbox!.id);
    } finally {
      cri.close();
    }
    const next = await waitForPod(
      client,
      { name: "sandbox" },
      (item) => isReady(item) && (item?.status?.containerStatuses?.[0]?.restartCount ?? 0) >= 1,
    );
    assert.notEqual(
      next?.status?.containerStatuses?.[0]?.containerID,
      pod?.status?.containerStatuses?.[0]?.containerID,
    );
  });

  it("gives a Pod the token of its service account, bound to it, and pulls secrets by name", async () => {
    await client.create(ConfigMaps, {
      metadata: { name: "kube-root-ca.crt", namespace: "default" },
      data: { "ca.crt": "CA" },
    });
    await client.create(ServiceAccounts, {
      metadata: { name: "worker", namespace: "default" },
      imagePullSecrets: [{ name: "pull" }],
    });
    await client.create(Secrets, {
      metadata: { name: "pull", namespace: "default" },
      type: "kubernetes.io/dockerconfigjson",
      data: { ".dockerconfigjson": Buffer.from("{}").toString("base64") },
    });
    const script = "cat /var/run/secrets/kubernetes.io/serviceaccount/token > /dev/termination-log";
    const sources = [
      { serviceAccountToken: { path: "token", expirationSeconds: 3607 } },
      { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
    ];
    await client.create(
      Pods,
      testPod({
        name: "token",
        script,
        spec: {
          serviceAccountName: "worker",
          restartPolicy: "Never",
          securityContext: { runAsUser: 1000 },
          volumes: [{ name: "t", projected: { sources } }],
        },
        container: {
          volumeMounts: [{ name: "t", mountPath: "/var/run/secrets/kubernetes.io/serviceaccount" }],
        },
      }),
    );
    const pod = await waitForPod(client, { name: "token" }, (item) => item?.status?.phase === "Succeeded");
    const token = pod!.status!.containerStatuses![0]!.state!.terminated!.message!;
    const claims = JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString("utf8")) as Record<
      string,
      unknown
    >;
    assert.equal(claims.sub, "system:serviceaccount:default:worker");
    assert.match(JSON.stringify(claims), new RegExp(pod!.metadata.uid));
  });
});
