import { Nodes, type Pod, Pods } from "@jdos/api";
import { formatKey, isStatus, keyOf, parseKey } from "@jdos/apimachinery";
import { type Client, createInformerFactory, createWorkQueue, type Stored } from "@jdos/client";

/**
 * A node without a machine, for control planes alone: Pods bound to it are said to run and be ready at addresses of
 * 10.99.0.0/24, and let go when they are deleted.
 */
export async function startSimulatedKubelet(
  client: Client,
  nodeName: string,
): Promise<{ stop(): Promise<void> }> {
  const room = { cpu: "16", memory: "64Gi", pods: "200", "ephemeral-storage": "64Gi" };
  await client.create(Nodes, {
    metadata: { name: nodeName, labels: { "kubernetes.io/hostname": nodeName } },
  });
  const ready = [{ type: "Ready", status: "True", reason: "Simulated", message: "" }];
  const status = { capacity: room, allocatable: room, conditions: ready };
  await client.patch(
    Nodes,
    { name: nodeName },
    { type: "merge", body: { status } },
    { subresource: "status" },
  );

  const informers = createInformerFactory(client);
  const pods = informers.for(Pods, { fieldSelector: `spec.nodeName=${nodeName}` });
  const queue = createWorkQueue({ concurrency: 4 });
  let last = 0;
  const add = (pod: Stored<Pod>): void => queue.add(formatKey(keyOf(pod)));
  pods.addHandlers({ added: add, updated: add });
  queue.start(async (key) => {
    const pod = pods.lister.get(parseKey(key));
    if (pod === undefined) return;
    try {
      if (pod.metadata.deletionTimestamp !== undefined)
        await client.delete(Pods, keyOf(pod), { gracePeriodSeconds: 0 });
      else if (pod.status?.podIP === undefined) await run(client, pod, `10.99.0.${++last}`);
    } catch (error) {
      if (!isStatus(error, "NotFound", "Conflict")) throw error;
    }
  });
  informers.start();
  await informers.waitForSync();
  return {
    async stop() {
      await queue.stop();
      await informers.stop();
    },
  };
}

async function run(client: Client, pod: Stored<Pod>, podIP: string): Promise<void> {
  const startedAt = pod.metadata.creationTimestamp;
  const containerStatuses = pod.spec?.containers.map(({ name, image = "" }) => ({
    ...{ name, image, imageID: image, ready: true, started: true, restartCount: 0 },
    state: { running: { startedAt } },
  }));
  const conditions = ["Ready", "ContainersReady", "Initialized"].map((type) => ({
    ...{ type, status: "True", lastTransitionTime: startedAt },
  }));
  const said = { phase: "Running", podIP, podIPs: [{ ip: podIP }], startTime: startedAt };
  const body = { status: { ...said, conditions, containerStatuses } };
  await client.patch(Pods, keyOf(pod), { type: "strategic", body }, { subresource: "status" });
}
