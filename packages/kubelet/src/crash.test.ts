import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Pods } from "@jdos/api";
import { startTestServer, type TestServer } from "@jdos/apiserver/testing";
import type { Client } from "@jdos/client";
import { createCertificateAuthority, issueCertificate } from "@jdos/component-base";
import { createCriClient } from "./cri/cri-client.ts";
import { isReady, NODE, NODE_USER, prepareNamespace, testPod, waitForPod } from "./testing/cluster.ts";
import { startTestContainerd, type TestContainerd } from "./testing/containerd.ts";
import type { KubeletArguments } from "./testing/kubelet-process.ts";
import { TEST_IMAGE } from "./testing/test-image.ts";

const PROGRAM = fileURLToPath(new URL("testing/kubelet-process.ts", import.meta.url));
const ROUNDS = 8;

describe("kubelet, killed at random moments", () => {
  let server: TestServer;
  let client: Client;
  let containerd: TestContainerd;
  let child: ChildProcess | undefined;
  let argumentsFile: string;

  before(async () => {
    [server, containerd] = await Promise.all([startTestServer({ https: true }), startTestContainerd()]);
    client = server.adminClient();
    await prepareNamespace(client, "default");
    const authority = await createCertificateAuthority();
    const own = await issueCertificate(authority, {
      commonName: NODE,
      ipAddresses: ["127.0.0.1"],
      usages: ["server"],
    });
    const { certPem, keyPem } = await server.certificateFor(NODE_USER);
    const given: KubeletArguments = {
      client: { server: server.url, ca: server.caPem, cert: certPem, key: keyPem },
      kubelet: {
        nodeName: NODE,
        nodeAddress: "127.0.0.1",
        containerdSocket: containerd.socket,
        rootDir: join(containerd.directory, "kubelet"),
        cgroupParent: containerd.cgroupParent,
        clusterDns: [],
        tls: { ...own, clientCaPem: authority.certPem },
      },
    };
    argumentsFile = join(containerd.directory, "kubelet.json");
    await writeFile(argumentsFile, JSON.stringify(given));
  });
  after(async () => {
    await kill();
    await containerd?.stop();
    await server?.stop();
  });

  async function run(): Promise<void> {
    child = spawn(process.execPath, [PROGRAM, argumentsFile], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout!, "data");
  }

  async function kill(): Promise<void> {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  it("starts every Pod once, restarts none, and ends what is deleted", async () => {
    await run();
    const names = Array.from({ length: ROUNDS }, (_, index) => `pod-${index}`);
    const init = { name: "init", image: TEST_IMAGE, imagePullPolicy: "Never" as const, command: ["true"] };
    for (const [index, name] of names.entries()) {
      await client.create(Pods, testPod({ name, spec: { initContainers: [init] } }));
      if (index > 1) await client.delete(Pods, { namespace: "default", name: names[index - 2]! });
      await sleep(Math.random() * 300);
      await kill();
      await run();
    }
    const kept = names.slice(-2);
    for (const name of kept) {
      const pod = await waitForPod(client, { name }, isReady);
      assert.equal(pod?.status?.containerStatuses?.[0]?.restartCount, 0, JSON.stringify(pod?.status));
    }
    for (const name of names.slice(0, -2)) await waitForPod(client, { name }, (pod) => pod === undefined);
    const cri = createCriClient(containerd.socket);
    try {
      const left = async () => (await cri.listPodSandboxes()).map((sandbox) => sandbox.metadata.name).sort();
      for (const end = Date.now() + 20_000; (await left()).length > kept.length && Date.now() < end; )
        await sleep(100);
      assert.deepEqual(await left(), kept);
      const running = (await cri.listContainers()).filter((item) => item.state === "CONTAINER_RUNNING");
      assert.equal(running.length, kept.length);
    } finally {
      cri.close();
    }
  });
});
