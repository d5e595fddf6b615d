import type { Probe } from "@jdos/api";
import type { DeepReadonly } from "@jdos/apimachinery";
import type { Clock } from "@jdos/component-base";
import type { CriClient } from "../cri/cri-client.ts";
import type { ProbeVerdicts } from "../pod/actions.ts";
import { allContainersOf, type ContainerSpec, containersOf, isSidecar, type PodObject } from "../pod/pod.ts";
import { newestOf } from "../runtime/pod-runtime.ts";
import type { RuntimeView } from "../runtime/runtime-view.ts";
import type { ReadinessVerdicts } from "../status/container-state.ts";
import { type ProbeKind, ProbeWorker } from "./probe-worker.ts";
import { runProbe } from "./prober.ts";

export interface ProbeManagerOptions {
  cri: CriClient;
  view: RuntimeView;
  clock: Clock;
  /** Where a Pod is asked. */
  addressOf(pod: PodObject): string;
  onChange(uid: string): void;
  onFailure(pod: PodObject, container: ContainerSpec, kind: ProbeKind, output: string): void;
}

export interface ProbeManager extends ReadinessVerdicts {
  /** Starts the workers of a Pod's probes that are not running. */
  add(pod: PodObject): void;
  /** A container has just started: asks it at once. */
  poke(uid: string, container: string): void;
  /** The Pod ends: it is no longer restarted for its probes' sake, but its readiness is still watched. */
  ending(uid: string): void;
  remove(uid: string): void;
  verdictsOf(pod: PodObject): ProbeVerdicts;
}

const KINDS: readonly ProbeKind[] = ["startup", "liveness", "readiness"];

export function createProbeManager(options: ProbeManagerOptions): ProbeManager {
  const workers = new Map<string, Map<string, ProbeWorker>>();
  const verdicts = new Map<string, Map<string, boolean>>();
  const seeded = new Set<string>();

  const verdictOf = (kind: ProbeKind, containerId: string) => verdicts.get(containerId)?.get(kind);
  const record = (kind: ProbeKind, containerId: string, success: boolean) => {
    const known = verdicts.get(containerId) ?? new Map<string, boolean>();
    verdicts.set(containerId, known.set(kind, success));
  };
  const started = (spec: ContainerSpec, id: string) =>
    spec.startupProbe === undefined || verdictOf("startup", id) === true;

  /** What the API knew before this process began still holds: a restart of ours takes no one out of service. */
  function seed(pod: PodObject): void {
    if (seeded.has(pod.metadata.uid)) return;
    seeded.add(pod.metadata.uid);
    const known = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
    for (const status of known) {
      const id = status.containerID?.replace("containerd://", "");
      if (id === undefined || status.state?.running === undefined) continue;
      if (status.started === true) record("startup", id, true);
      if (status.ready) record("readiness", id, true);
    }
  }

  function worker(
    pod: PodObject,
    spec: ContainerSpec,
    kind: ProbeKind,
    probe: DeepReadonly<Probe>,
  ): ProbeWorker {
    const { uid } = pod.metadata;
    return new ProbeWorker({
      kind,
      probe,
      clock: options.clock,
      container: () => newestOf(options.view.get(uid), spec.name),
      started: (id) => started(spec, id),
      ask: (container) =>
        runProbe(probe, {
          cri: options.cri,
          container: spec,
          containerId: container.id,
          podIp: options.addressOf(pod),
        }),
      onVerdict: (containerId, success) => {
        record(kind, containerId, success);
        options.onChange(uid);
        if (kind === "startup" && success) poke(uid, spec.name);
      },
      onFailure: (_, output) => options.onFailure(pod, spec, kind, output),
    });
  }

  function poke(uid: string, container: string): void {
    for (const [key, item] of workers.get(uid) ?? []) if (key.endsWith(`/${container}`)) item.poke();
  }

  return {
    ready: (spec, id) => spec.readinessProbe === undefined || verdictOf("readiness", id) === true,
    started,
    add(pod) {
      seed(pod);
      const { uid } = pod.metadata;
      const own = workers.get(uid) ?? new Map<string, ProbeWorker>();
      workers.set(uid, own);
      for (const spec of allContainersOf(pod)) {
        if (!containersOf(pod).includes(spec) && !isSidecar(spec)) continue;
        for (const kind of KINDS) {
          const probe = spec[`${kind}Probe`];
          const key = `${kind}/${spec.name}`;
          if (probe === undefined || own.has(key)) continue;
          const item = worker(pod, spec, kind, probe);
          own.set(key, item);
          // Containers that ran before this process are spread out over their period.
          const running = newestOf(options.view.get(uid), spec.name)?.state === "CONTAINER_RUNNING";
          item.start(
            running ? Math.random() * (probe.periodSeconds ?? 10) * 1000 : (probe.periodSeconds ?? 10) * 1000,
          );
        }
      }
    },
    poke,
    ending(uid) {
      for (const [key, item] of workers.get(uid) ?? []) {
        if (key.startsWith("readiness/")) continue;
        item.stop();
        workers.get(uid)?.delete(key);
      }
    },
    remove(uid) {
      for (const item of workers.get(uid)?.values() ?? []) item.stop();
      workers.delete(uid);
      seeded.delete(uid);
      for (const container of options.view.get(uid)?.containers ?? []) verdicts.delete(container.id);
    },
    verdictsOf: (pod) => ({
      livenessFailed: (id) => verdictOf("liveness", id) === false,
      startupFailed: (id) => verdictOf("startup", id) === false,
      started: (id) => {
        const name = options.view.get(pod.metadata.uid)?.containers.find((item) => item.id === id)?.name;
        const spec = allContainersOf(pod).find((item) => item.name === name);
        return spec === undefined || started(spec, id);
      },
    }),
  };
}
