/** The test bed itself: what a platform finds on it is a whole Kubernetes, and afterwards nothing is left. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { Deployments, Nodes, Pods, Services } from "@jdos/api";
import { cgroupRoots, mountsBelow, runCommand } from "@jdos/component-base";
import { TEST_IMAGE, testPod } from "@jdos/kubelet/testing";
import { eventually } from "../../e2e/support/process.ts";
import { type Cluster, startCluster } from "../support/cluster.ts";

const namespace = "default";
const labels = { app: "web" };
/** Answers each connection with its host name. */
const SERVE = `perl -e 'socket(S, 2, 1, 6); bind(S, pack("S n a4 x8", 2, 8000, "\\0\\0\\0\\0")) or die; listen(S, 5);
  while (accept(C, S)) { sysread(C, $r, 4096); syswrite(C, "HTTP/1.0 200 OK\\r\\n\\r\\n" . \`hostname\`); close(C) }'`;
/** Prints what the server at a name and port says. */
const FETCH = `perl -e '$a = (gethostbyname($ARGV[0]))[4] or die "no address of $ARGV[0]"; socket(S, 2, 1, 6);
  connect(S, pack("S n a4 x8", 2, $ARGV[1], $a)) or die "no connection: $!";
  syswrite(S, "GET / HTTP/1.0\\r\\n\\r\\n"); while (sysread(S, $b, 4096)) { print $b }'`;

describe("a cluster of the test bed", () => {
  let cluster: Cluster;
  const sysctls = () =>
    ["panic", "panic_on_oops"].map((name) => readFileSync(`/proc/sys/kernel/${name}`, "utf8"));
  const present = sysctls();
  before(async () => {
    cluster = await startCluster({ nodes: 2 });
  });
  after(() => cluster?.stop());

  const podLog = async (name: string): Promise<string> => {
    const { body } = await cluster.client.raw({ path: `/api/v1/namespaces/${namespace}/pods/${name}/log` });
    return text(body);
  };

  it("has two nodes that are ready and are Kubernetes 1.20.2", async () => {
    const { items } = await cluster.client.list(Nodes);
    const versions = items.map(
      ({ metadata, status }) => `${metadata.name} ${status?.nodeInfo?.kubeletVersion}`,
    );
    assert.deepEqual(versions.sort(), ["node-1 v1.20.2", "node-2 v1.20.2"]);
  });

  it("runs a Deployment on both nodes, behind a Service found by name", async () => {
    const container = { name: "web", image: TEST_IMAGE, command: ["sh", "-c", SERVE] };
    await cluster.client.create(Deployments, {
      metadata: { namespace, name: "web" },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            terminationGracePeriodSeconds: 1,
            containers: [{ ...container, readinessProbe: { tcpSocket: { port: 8000 }, periodSeconds: 1 } }],
            topologySpreadConstraints: [
              {
                maxSkew: 1,
                topologyKey: "kubernetes.io/hostname",
                whenUnsatisfiable: "DoNotSchedule",
                labelSelector: { matchLabels: labels },
              },
            ],
          },
        },
      },
    });
    await cluster.client.create(Services, {
      metadata: { namespace, name: "web" },
      spec: { selector: labels, ports: [{ port: 80, targetPort: 8000 }] },
    });
    await eventually(async () => {
      const { status } = await cluster.client.get(Deployments, { namespace, name: "web" });
      assert.equal(status?.readyReplicas, 2, JSON.stringify(status));
    });
    // A node's proxy hears of a Pod a moment after its Deployment does.
    const enough = "[ $(grep -o web-.* /tmp/seen | sort -u | wc -l) = 2 ]";
    const script = `for i in $(seq 100); do ${FETCH} web 80 >>/tmp/seen; ${enough} && break; sleep 0.1; done; cat /tmp/seen`;
    const asker = testPod({ name: "asker", script });
    const { nodeName: _, ...spec } = asker.spec!;
    await cluster.client.create(Pods, {
      ...asker,
      spec: { ...spec, hostNetwork: false, restartPolicy: "Never" },
    });
    await eventually(async () => {
      const { status } = await cluster.client.get(Pods, { namespace, name: "asker" });
      assert.equal(status?.phase, "Succeeded", JSON.stringify(status));
    });
    const answered = new Set((await podLog("asker")).match(/web-[a-z0-9-]+/g));
    assert.equal(answered.size, 2, "each of the two Pods answers some of 100");
  });

  it("answers a Service's proxy at the API server", async () => {
    const path = `/api/v1/namespaces/${namespace}/services/web:80/proxy/`;
    const { body } = await cluster.client.raw({ path });
    assert.match(await text(body), /^web-/);
  });

  it("lets a killed kubelet come back to its Pods", async () => {
    const kubelet = cluster.program("node-1/kubelet");
    await kubelet.kill();
    await kubelet.start();
    await cluster.client.delete(Deployments, { namespace, name: "web" }, { propagationPolicy: "Foreground" });
    await eventually(async () => {
      const { items } = await cluster.client.list(Pods, { namespace, labelSelector: "app=web" });
      assert.equal(items.length, 0);
    });
  });

  it("stop() leaves no process, network, mount, cgroup or setting", async () => {
    const { layout } = cluster;
    const { names } = layout;
    await cluster.stop();
    const processes = readdirSync("/proc").filter(
      (pid) => /^\d+$/.test(pid) && commandLine(pid).includes(layout.directory),
    );
    assert.deepEqual(processes.map(commandLine), []);
    const { stdout: links } = await runCommand(["ip", "-o", "link"]);
    assert.ok(!links.includes(`${names.bridge}:`) && !links.includes(`${names.bridge}-`), links);
    assert.ok(!(await runCommand(["ip", "netns"])).stdout.includes(names.run.netnsPrefix));
    assert.ok(!(await runCommand(["nft", "list", "tables"])).stdout.includes(names.tables.pods));
    assert.deepEqual(mountsBelow(layout.directory), []);
    assert.deepEqual(mountsBelow(names.runDir), []);
    assert.ok(!existsSync(layout.directory) && !existsSync(names.runDir));
    assert.deepEqual(
      cgroupRoots().filter((root) => existsSync(`${root}${names.cgroupParent}`)),
      [],
    );
    assert.deepEqual(sysctls(), present);
  });
});

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
