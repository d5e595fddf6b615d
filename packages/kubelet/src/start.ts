import { mkdir } from "node:fs/promises";
import { Pods, Services } from "@jdos/api";
import { createInformerFactory } from "@jdos/client";
import { createMetrics, systemClock } from "@jdos/component-base";
import { createEventRecorder } from "@jdos/controller-runtime";
import { weighPods } from "./cgroup/weight.ts";
import { createCriClient } from "./cri/cri-client.ts";
import { evictForStorage } from "./eviction/evict-storage.ts";
import { removeDeadContainers } from "./gc/dead-containers.ts";
import { createImageGc } from "./gc/image-gc.ts";
import { rotateLogs } from "./gc/log-rotation.ts";
import { removeOrphans } from "./gc/orphans.ts";
import { createImagePuller } from "./image/image-puller.ts";
import { createMeasures } from "./measures.ts";
import { renewNodeLease } from "./node/lease.ts";
import { readMachine } from "./node/machine.ts";
import { createNodeStatusUpdater } from "./node/node-status.ts";
import type { KubeletOptions } from "./options.ts";
import { BackOff } from "./pod/back-off.ts";
import type { PodContext } from "./pod/context.ts";
import { directoriesOf } from "./pod/directories.ts";
import { createObjectSource } from "./pod/object-cache.ts";
import { isHostNetwork } from "./pod/pod.ts";
import { containerReference } from "./pod/pod-events.ts";
import { createPodWorkers, type PodWorkers } from "./pod/pod-workers.ts";
import { createProbeManager } from "./probe/probe-manager.ts";
import { startRuntimeLoop } from "./runtime/runtime-loop.ts";
import { createRuntimeView } from "./runtime/runtime-view.ts";
import { startKubeletServer } from "./server/server.ts";
import { createSlots } from "./slots.ts";
import { createStatusManager } from "./status/status-manager.ts";
import { startTask, type TaskOptions } from "./task.ts";
import { mountTmpfs } from "./volume/mount.ts";
import { createTokenSource } from "./volume/token-source.ts";
import { createVolumeManager } from "./volume/volume-manager.ts";

export interface Kubelet {
  /** Where its server listens, as the Node's status says. */
  readonly port: number;
  /** Stops the kubelet; containers go on and are found again at the next start. */
  stop(): Promise<void>;
}

/** Registers the node and runs its Pods. Resolves when the node is registered and every Pod's worker has begun. */
export async function start(options: KubeletOptions): Promise<Kubelet> {
  const { client, log, nodeName, cgroupParent, clock = systemClock, metrics = createMetrics() } = options;
  const measures = createMeasures(metrics);
  const cri = createCriClient(options.containerdSocket, { observe: measures.runtimeCall });
  const directories = {
    ...directoriesOf(options.rootDir),
    ...(options.logDir === undefined ? {} : { logs: options.logDir }),
  };
  for (const path of Object.values(directories)) await mkdir(path, { recursive: true, mode: 0o755 });
  await mountTmpfs(directories.memory, { mode: "0711" });

  const view = createRuntimeView(cri);
  const machine = readMachine(options.rootDir);
  await weighPods(cgroupParent, machine.cpus);
  const events = createEventRecorder({ client, log, clock, component: "kubelet", host: nodeName });
  const objects = createObjectSource(client, clock);
  const informers = createInformerFactory(client, { log, clock });
  const podInformer = informers.for(Pods, { fieldSelector: `spec.nodeName=${nodeName}` });
  const serviceInformer = informers.for(Services);
  const hostIps = [options.nodeAddress];
  let workers: PodWorkers;

  const probes = createProbeManager({
    cri,
    view,
    clock,
    addressOf: (pod) =>
      isHostNetwork(pod) ? options.nodeAddress : (view.get(pod.metadata.uid)?.sandboxes[0]?.ips[0] ?? ""),
    onChange: (uid) => workers.verdictChanged(uid),
    onFailure: (pod, container, kind, output) =>
      events.event(
        containerReference(pod, container),
        "Warning",
        "Unhealthy",
        `${kind[0]!.toUpperCase()}${kind.slice(1)} probe failed: ${output}`,
      ),
  });
  const server = await startKubeletServer({
    client,
    cri,
    view,
    pods: () => workers.pods(),
    nodeName,
    cgroupParent,
    host: options.listenAddress ?? options.nodeAddress,
    port: options.port ?? 0,
    tls: options.tls,
    metrics,
    log,
  });
  const node = await createNodeStatusUpdater({
    client,
    cri,
    clock,
    log,
    nodeName,
    nodeAddress: options.nodeAddress,
    machine,
    maxPods: options.maxPods ?? 110,
    port: server.port,
    rootDir: options.rootDir,
    labels: options.nodeLabels ?? {},
  });
  const context: PodContext = {
    client,
    cri,
    view,
    objects,
    services: serviceInformer.lister,
    images: createImagePuller({
      cri,
      objects,
      credentials: options.registryCredentials ?? [],
      now: () => clock.now(),
    }),
    volumes: createVolumeManager({ client, directories }),
    tokens: createTokenSource(client, () => clock.now()),
    probes,
    statuses: createStatusManager({ client, log, clock }),
    events,
    crashes: new BackOff(),
    directories,
    dns: {
      addresses: options.clusterDns,
      domain: options.clusterDomain ?? "cluster.local",
      hostFile: options.resolvConf ?? "/etc/resolv.conf",
    },
    cgroupParent,
    podPidsLimit: options.podPidsLimit ?? 4096,
    hostIps,
    node: {
      name: nodeName,
      memoryBytes: machine.memoryBytes,
      allocatable: {
        cpuMillis: machine.cpus * 1000,
        memoryBytes: machine.memoryBytes,
        storageBytes: machine.storageBytes,
      },
    },
    networkProblem: () => node.networkProblem(),
    clock,
    log,
    podStarted: measures.podStarted,
    heavy: createSlots(machine.cpus + 1),
  };
  workers = createPodWorkers(context, options);
  measures.countPods(
    () => view.uids().length,
    () => workers.pods().length,
  );

  await Promise.all([view.relist(), node.register(), renewNodeLease(client, nodeName, clock)]);
  informers.start();
  await informers.waitForSync();
  podInformer.addHandlers({
    added: (pod) => workers.update(pod),
    updated: (pod, old) => {
      // Deleted and made again between two looks.
      if (pod.metadata.uid !== old.metadata.uid) workers.deleted(old);
      workers.update(pod);
    },
    deleted: (pod) => workers.deleted(pod),
  });
  const loop = startRuntimeLoop({ cri, view, clock, log, onChange: (uid) => workers.wake(uid) });
  const collectImages = createImageGc({
    cri,
    clock,
    log,
    highPercent: options.imageGcHighPercent ?? 85,
    keep: options.keepImages ?? [],
  });
  const isKnown = (uid: string) =>
    workers.has(uid) || podInformer.lister.list().some((pod) => pod.metadata.uid === uid);
  const task = (name: string, seconds: TaskOptions["seconds"], work: () => Promise<unknown>) =>
    startTask({ name, seconds, work, clock, log });
  const tasks = [
    task("lease", 10, () => renewNodeLease(client, nodeName, clock)),
    task(
      "node status",
      () => (node.problem() === undefined ? 10 : 1),
      () => node.update(),
    ),
    task("orphans", 60, () => removeOrphans(context, isKnown)),
    task("dead containers", 60, () => removeDeadContainers(cri, view)),
    task("log rotation", 10, () => rotateLogs(cri, view)),
    task("image collection", 300, collectImages),
    task("storage eviction", options.storageCheckSeconds ?? 5, () =>
      evictForStorage({ cri, directories, pods: () => workers.pods(), evict: workers.evict }),
    ),
  ];
  return {
    port: server.port,
    async stop() {
      await Promise.all(tasks.map((item) => item.stop()));
      await workers.stop();
      for (const pod of workers.pods()) probes.remove(pod.metadata.uid);
      await loop.stop();
      await server.stop();
      await informers.stop();
      await events.stop();
      cri.close();
    },
  };
}
