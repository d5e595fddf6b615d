import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Pods } from "@jdos/api";
import { startTestServer, type TestServer } from "@jdos/apiserver/testing";
import type { Client } from "@jdos/client";
import { startTestNetwork, type TestNetwork } from "@jdos/cni/testing";
import { instanceNames, runCommand } from "@jdos/component-base";
import { testInstance } from "@jdos/component-base/testing";
import {
  isReady,
  NODE_USER,
  prepareNamespace,
  startTestContainerd,
  startTestKubelet,
  type TestContainerd,
  type TestKubelet,
  testPod,
  waitForPod,
} from "@jdos/kubelet/testing";

const INSTANCE = testInstance();

describe("a Pod on the Pod network", () => {
  const names = instanceNames(INSTANCE);
  let server: TestServer;
  let client: Client;
  let network: TestNetwork;
  let containerd: TestContainerd;
  let kubelet: TestKubelet;

  before(async () => {
    [server, network] = await Promise.all([startTestServer(), startTestNetwork(INSTANCE)]);
    const { cniBinDir, cniConfDir } = network.options;
    containerd = await startTestContainerd({ cniBinDir, cniConfDir });
    client = server.adminClient();
    await prepareNamespace(client, "default");
    kubelet = await startTestKubelet(server.clientFor(NODE_USER), containerd, {
      clusterDns: [names.services.dns],
      rootDir: join(containerd.directory, "kubelet"),
    });
  });
  after(async () => {
    await kubelet?.stop();
    await containerd?.stop();
    await network?.close();
    await server?.stop();
  });

  const onPodNetwork = (name: string, script?: string) =>
    testPod({ name, ...(script === undefined ? {} : { script }), spec: { hostNetwork: false } });

  it("has an address of its own that a probe reaches, its name and the cluster's DNS", async () => {
    const address = 'pack("S n a4 x8", 2, 8000, "\\0\\0\\0\\0")';
    const answer = 'syswrite(C, "HTTP/1.0 200 OK\\r\\n\\r\\n"); close(C)';
    const serve = `perl -e 'socket(S, 2, 1, 6); bind(S, ${address}) or die; listen(S, 5); while (accept(C, S)) { ${answer} }'`;
    const script = `cat /etc/resolv.conf; tail -n 1 /etc/hosts; hostname; ${serve}`;
    const pod = onPodNetwork("web", script);
    pod.spec!.containers[0]!.readinessProbe = { httpGet: { port: 8000 }, periodSeconds: 1 };
    pod.spec!.containers[0]!.livenessProbe = { tcpSocket: { port: 8000 }, periodSeconds: 1 };
    await client.create(Pods, pod);
    const ready = await waitForPod(client, { name: "web" }, isReady);
    assert.match(ready?.status?.podIP ?? "", new RegExp(`^10\\.${64 + INSTANCE}\\.`));
    const { items } = await client.list(Pods, { namespace: "default" });
    assert.equal(items.length, 1);
    const { stdout } = await runCommand([
      "sh",
      "-c",
      `cat ${join(containerd.directory, "kubelet/logs")}/*/main/0.log`,
    ]);
    assert.match(stdout, new RegExp(`nameserver ${names.services.dns.replaceAll(".", "\\.")}`));
    assert.match(stdout, /search default\.svc\.cluster\.local svc\.cluster\.local cluster\.local/);
    assert.match(stdout, /options ndots:5/);
    assert.match(stdout, new RegExp(`${ready?.status?.podIP}\\s+web`));
  });

  it("gives its address back when it is deleted", async () => {
    await client.delete(Pods, { namespace: "default", name: "web" }, { gracePeriodSeconds: 0 });
    await waitForPod(client, { name: "web" }, (pod) => pod === undefined);
    await client.create(Pods, onPodNetwork("next"));
    await waitForPod(client, { name: "next" }, isReady);
    const { stdout } = await runCommand(["ip", "-o", "link", "show", "master", names.bridge]);
    await client.delete(Pods, { namespace: "default", name: "next" });
    await waitForPod(client, { name: "next" }, (pod) => pod === undefined);
    assert.ok(stdout.trim().split("\n").length <= 2, stdout);
    const left = await runCommand(["ip", "-o", "link", "show", "master", names.bridge]);
    assert.equal(left.stdout.trim(), "");
  });
});
