import { definitionChanged } from "../runtime/labels.ts";
import { isRunning, newestOf, type PodRuntime, type RuntimeContainer } from "../runtime/pod-runtime.ts";
import {
  type ContainerSpec,
  containersOf,
  initContainersOf,
  isHostNetwork,
  isSidecar,
  type PodObject,
  specOf,
} from "./pod.ts";

/** Why a running container has to go. */
export interface ContainerKill {
  readonly container: RuntimeContainer;
  readonly spec: ContainerSpec;
  readonly message: string;
  readonly cause: "spec" | "liveness" | "startup";
}

/** What brings the runtime one step nearer to the Pod's specification. */
export interface PodActions {
  /** Nothing is left to run: end what there is and the sandbox. */
  readonly killPod: boolean;
  /** The attempt of the sandbox to make, when there is no usable one. */
  readonly createSandboxAttempt: number | undefined;
  readonly kill: readonly ContainerKill[];
  /** In the order in which they start. */
  readonly start: readonly ContainerSpec[];
}

/** What the probes say of a container, by id. */
export interface ProbeVerdicts {
  livenessFailed(containerId: string): boolean;
  startupFailed(containerId: string): boolean;
  /** True at once for a container without a startup probe. */
  started(containerId: string): boolean;
}

const NOTHING: PodActions = { killPod: false, createSandboxAttempt: undefined, kill: [], start: [] };

/** Pure: compares the specification with what runs. */
export function computeActions(
  pod: PodObject,
  runtime: PodRuntime | undefined,
  probes: ProbeVerdicts,
): PodActions {
  const attempt = neededSandbox(pod, runtime);
  if (attempt !== undefined) return withNewSandbox(pod, runtime, attempt);
  const init = nextInit(pod, runtime, probes);
  if (init.failed) return { ...NOTHING, killPod: true };
  if (!init.done) return { ...NOTHING, kill: init.kill, start: init.start };
  return runContainers(pod, runtime, probes, init);
}

/** Whether an ended or missing container runs again by the Pod's restart policy. */
export function shouldRestart(
  pod: PodObject,
  spec: ContainerSpec,
  container: RuntimeContainer | undefined,
): boolean {
  if (
    container === undefined ||
    container.state === "CONTAINER_CREATED" ||
    container.state === "CONTAINER_UNKNOWN"
  ) {
    return true;
  }
  if (isRunning(container)) return false;
  if (isSidecar(spec)) return true;
  const policy = specOf(pod).restartPolicy ?? "Always";
  if (policy === "Never") return false;
  return policy === "Always" || container.exitCode !== 0;
}

/** The attempt of the sandbox that is needed, or undefined when the present one serves. */
function neededSandbox(pod: PodObject, runtime: PodRuntime | undefined): number | undefined {
  const newest = runtime?.sandboxes[0];
  if (newest === undefined) return 0;
  if (newest.ready && (isHostNetwork(pod) || newest.ips.length > 0)) return undefined;
  return newest.attempt + 1;
}

function withNewSandbox(pod: PodObject, runtime: PodRuntime | undefined, attempt: number): PodActions {
  const policy = specOf(pod).restartPolicy ?? "Always";
  const ran = containersOf(pod).some((spec) => newestOf(runtime, spec.name)?.startedAt !== undefined);
  if (policy === "Never" && attempt > 0 && ran) return { ...NOTHING, killPod: true };
  const start = containersOf(pod).filter((spec) => {
    const container = newestOf(runtime, spec.name);
    return !(policy === "OnFailure" && container?.state === "CONTAINER_EXITED" && container.exitCode === 0);
  });
  if (start.length === 0) return { ...NOTHING, killPod: true };
  const first = initContainersOf(pod)[0];
  return { ...NOTHING, createSandboxAttempt: attempt, start: first === undefined ? start : [first] };
}

interface InitProgress {
  /** Every init container has done its part. */
  done: boolean;
  /** One failed and is not tried again. */
  failed: boolean;
  start: ContainerSpec[];
  kill: ContainerKill[];
}

function nextInit(pod: PodObject, runtime: PodRuntime | undefined, probes: ProbeVerdicts): InitProgress {
  const progress: InitProgress = { done: true, failed: false, start: [], kill: [] };
  // A container that ran proves that the init containers ended, also when they are no longer kept. One of an
  // earlier sandbox proves nothing.
  const sandbox = runtime?.sandboxes[0]?.id;
  const proven = containersOf(pod).some((spec) => newestOf(runtime, spec.name)?.sandboxId === sandbox);
  for (const spec of initContainersOf(pod)) {
    const newest = newestOf(runtime, spec.name);
    const container = newest?.sandboxId === sandbox ? newest : undefined;
    if (isSidecar(spec)) {
      if (isRunning(container)) {
        const kill = verdict(spec, container!, probes);
        if (kill !== undefined) progress.kill.push(kill);
        if (proven || probes.started(container!.id)) continue;
        return { ...progress, done: false };
      }
      progress.start.push(spec);
      if (proven) continue;
      return { ...progress, done: false };
    }
    if (proven || (container?.state === "CONTAINER_EXITED" && container.exitCode === 0)) continue;
    if (isRunning(container)) return { ...progress, done: false };
    if (container?.state === "CONTAINER_EXITED" && specOf(pod).restartPolicy === "Never") {
      return { ...progress, done: false, failed: true };
    }
    progress.start.push(spec);
    return { ...progress, done: false };
  }
  return progress;
}

function runContainers(
  pod: PodObject,
  runtime: PodRuntime | undefined,
  probes: ProbeVerdicts,
  init: InitProgress,
): PodActions {
  const start = [...init.start];
  const kill = [...init.kill];
  let alive = 0;
  for (const spec of containersOf(pod)) {
    const container = newestOf(runtime, spec.name);
    if (!isRunning(container)) {
      if (!shouldRestart(pod, spec, container)) continue;
      start.push(spec);
      alive++;
      continue;
    }
    alive++;
    const reason = verdict(spec, container!, probes);
    if (reason !== undefined) kill.push(reason);
  }
  return { killPod: alive === 0, createSandboxAttempt: undefined, kill, start: alive === 0 ? [] : start };
}

function verdict(
  spec: ContainerSpec,
  container: RuntimeContainer,
  probes: ProbeVerdicts,
): ContainerKill | undefined {
  const because = (cause: ContainerKill["cause"], message: string) => ({ container, spec, cause, message });
  if (definitionChanged(container.hash, spec)) {
    return because("spec", `Container ${spec.name} definition changed, will be restarted`);
  }
  if (probes.livenessFailed(container.id)) {
    return because("liveness", `Container ${spec.name} failed liveness probe, will be restarted`);
  }
  if (probes.startupFailed(container.id)) {
    return because("startup", `Container ${spec.name} failed startup probe, will be restarted`);
  }
  return undefined;
}
