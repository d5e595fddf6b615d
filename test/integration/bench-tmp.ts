import { Pods } from "@jdos/api";
import { startTestServer } from "@jdos/apiserver/testing";
import { startTestNetwork } from "@jdos/cni/testing";
import { createMetrics } from "@jdos/component-base";
import {
  isReady,
  NODE_USER,
  prepareNamespace,
  startTestContainerd,
  startTestKubelet,
  testPod,
  waitForPod,
} from "@jdos/kubelet/testing";

const I = 43;
const server = await startTestServer();
const network = await startTestNetwork(I);
const containerd = await startTestContainerd({
  instance: I,
  cniBinDir: network.options.cniBinDir,
  cniConfDir: network.options.cniConfDir,
});
const client = server.adminClient();
await prepareNamespace(client, "default");
const metrics = createMetrics();
const kubelet = await startTestKubelet(server.clientFor(NODE_USER), containerd, { metrics });
try {
  const q = (a: number[], p: number) =>
    a.sort((x, y) => x - y)[Math.min(a.length - 1, Math.floor(a.length * p))]!.toFixed(0);
  const times: number[] = [];
  const cpu0 = process.cpuUsage();
  for (let i = 0; i < 20; i++) {
    const name = "b" + i;
    const t = performance.now();
    await client.create(Pods, testPod({ name, spec: { hostNetwork: false } }));
    await waitForPod(client, { name }, isReady);
    times.push(performance.now() - t);
    await client.delete(Pods, { namespace: "default", name }, { gracePeriodSeconds: 0 });
    await new Promise((r) => setTimeout(r, 400));
  }
  const cpu = process.cpuUsage(cpu0);
  console.log(
    "one by one p50",
    q(times, 0.5),
    "p99",
    q(times, 0.99),
    "min",
    q(times, 0),
    "node cpu ms/pod",
    (cpu.user + cpu.system) / 1000 / 20,
  );
  for (let round = 0; round < 3; round++) {
    const t = performance.now();
    const all: number[] = [];
    await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        const name = `c${round}-${i}`;
        await client.create(Pods, testPod({ name, spec: { hostNetwork: false } }));
        await waitForPod(client, { name }, isReady);
        all.push(performance.now() - t);
      }),
    );
    console.log(
      "8 at once: each",
      ((performance.now() - t) / 8).toFixed(0),
      "p50",
      q(all, 0.5),
      "max",
      q(all, 1),
    );
  }
  const text = await metrics.text();
  for (const line of text.split("\n"))
    if (/operations_duration_seconds_(sum|count)/.test(line))
      console.log(line.replace("kubelet_runtime_operations_duration_seconds", ""));
  const i0 = process.cpuUsage();
  await new Promise((r) => setTimeout(r, 10000));
  const i1 = process.cpuUsage(i0);
  console.log(
    "idle with 24 pods, cpu %",
    ((i1.user + i1.system) / 1e6 / 10) * 100,
    "rss MB",
    process.memoryUsage().rss / 1e6,
  );
} finally {
  await kubelet.stop();
  await containerd.stop();
  await network.close();
  await server.stop();
}
