import type { ContainerState, ContainerStatus } from "@jdos/api";
import { type DeepReadonly, formatTime } from "@jdos/apimachinery";
import { shouldRestart } from "../pod/actions.ts";
import { type ContainerSpec, isSidecar, type PodObject } from "../pod/pod.ts";
import { definitionChanged } from "../runtime/labels.ts";
import type { PodRuntime, RuntimeContainer } from "../runtime/pod-runtime.ts";

/** Why a container does not run yet, as its waiting state says. */
export interface WaitingReason {
  readonly reason: string;
  readonly message?: string;
}

export interface ReadinessVerdicts {
  /** A container without a readiness probe is ready as soon as it has started. */
  ready(spec: ContainerSpec, containerId: string): boolean;
  started(spec: ContainerSpec, containerId: string): boolean;
}

export interface ContainerStatusInput {
  readonly pod: PodObject;
  readonly runtime: PodRuntime | undefined;
  readonly probes: ReadinessVerdicts;
  /** By container name: what stopped the last attempt to start it. */
  readonly waiting: ReadonlyMap<string, WaitingReason>;
  /** The Pod ends: nothing is started again. */
  readonly ending: boolean;
}

/** The status of one container. `previous` is what the API has: all that is known when the runtime forgot it. */
export function containerStatus(
  input: ContainerStatusInput,
  spec: ContainerSpec,
  previous: DeepReadonly<ContainerStatus> | undefined,
  options: { init: boolean; initialWaiting: string },
): ContainerStatus {
  const history = (input.runtime?.containers ?? []).filter((item) => item.name === spec.name);
  const newest = history[0];
  if (newest === undefined) return withoutRuntime(input, spec, previous, options.initialWaiting);
  const earlier = history.slice(1).find((item) => item.state === "CONTAINER_EXITED");
  let state = stateOf(newest);
  let lastState: ContainerState = earlier === undefined ? {} : stateOf(earlier);
  if (earlier === undefined && previous?.lastState?.terminated !== undefined && newest.restartCount > 0) {
    lastState = { terminated: { ...previous.lastState.terminated } } as ContainerState;
  }
  const reason = input.waiting.get(spec.name);
  if (
    !input.ending &&
    reason !== undefined &&
    state.running === undefined &&
    shouldRestart(input.pod, spec, newest)
  ) {
    if (state.terminated !== undefined) lastState = state;
    state = { waiting: { ...reason } };
  }
  const running = state.running !== undefined;
  const started = running && input.probes.started(spec, newest.id);
  const succeeded = state.terminated?.exitCode === 0;
  const ready = options.init && !isSidecar(spec) ? succeeded : started && input.probes.ready(spec, newest.id);
  return {
    name: spec.name,
    state,
    lastState,
    ready,
    started: options.init && !isSidecar(spec) ? false : started,
    restartCount: newest.restartCount,
    image: imageOf(newest, spec),
    imageID: newest.imageRef,
    containerID: `containerd://${newest.id}`,
  };
}

/** The runtime names an image that has no tag by its id alone; the definition knows better, if it is still the same. */
function imageOf({ image, hash }: RuntimeContainer, spec: ContainerSpec): string {
  const unnamed = image === "" || (image.startsWith("sha256:") && !definitionChanged(hash, spec));
  return unnamed ? (spec.image ?? "") : image;
}

function withoutRuntime(
  input: ContainerStatusInput,
  spec: ContainerSpec,
  previous: DeepReadonly<ContainerStatus> | undefined,
  initialWaiting: string,
): ContainerStatus {
  const base = {
    name: spec.name,
    lastState: {},
    ready: false,
    started: false,
    restartCount: previous?.restartCount ?? 0,
    image: spec.image ?? "",
    imageID: "",
  };
  if (previous?.state?.terminated !== undefined) {
    return {
      ...base,
      ...(structuredClone(previous) as ContainerStatus),
      ready: previous.ready && previous.state.terminated.exitCode === 0,
    };
  }
  if (previous?.state?.running !== undefined && input.ending) {
    const message = "The container could not be located when the pod was terminated";
    return { ...base, state: { terminated: { exitCode: 137, reason: "ContainerStatusUnknown", message } } };
  }
  const reason = input.waiting.get(spec.name);
  return { ...base, state: { waiting: { ...(reason ?? { reason: initialWaiting }) } } };
}

function stateOf(container: RuntimeContainer): ContainerState {
  if (container.state === "CONTAINER_RUNNING") {
    return { running: { startedAt: time(container.startedAt) } };
  }
  if (container.state === "CONTAINER_EXITED") {
    return {
      terminated: {
        exitCode: container.exitCode,
        reason: container.reason || (container.exitCode === 0 ? "Completed" : "Error"),
        ...(container.message === "" ? {} : { message: container.message }),
        startedAt: time(container.startedAt),
        finishedAt: time(container.finishedAt),
        containerID: `containerd://${container.id}`,
      },
    };
  }
  return { waiting: { reason: "ContainerCreating" } };
}

function time(milliseconds: number | undefined): string {
  return formatTime(new Date(milliseconds ?? 0));
}
