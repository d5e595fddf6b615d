import type { ContainerStatus, PodCondition, PodStatus } from "@jdos/api";
import { type DeepReadonly, formatTime, setCondition } from "@jdos/apimachinery";
import {
  allContainersOf,
  containersOf,
  initContainersOf,
  isHostNetwork,
  isSidecar,
  isTerminal,
  type PodObject,
  qosClassOf,
  specOf,
} from "../pod/pod.ts";
import { readySandboxOf } from "../runtime/pod-runtime.ts";
import { type ContainerStatusInput, containerStatus } from "./container-state.ts";
import { type PodPhase, podPhase } from "./phase.ts";

export interface PodStatusInput extends ContainerStatusInput {
  readonly hostIps: readonly string[];
  readonly now: Date;
  /** Every container has ended and none comes back. */
  readonly ended: boolean;
  /** Containers are ended only to start again by another definition. */
  readonly replacing: boolean;
  /** Why the node ended the Pod: "DeadlineExceeded", "Evicted". */
  readonly verdict?: { readonly reason: string; readonly message: string } | undefined;
}

type Update = Pick<PodCondition, "type"> & { ok: boolean; reason?: string; message?: string };

/** A Pod's whole status. Pure; conditions that are others' are kept as they are. */
export function podStatus(input: PodStatusInput): PodStatus {
  const { pod, runtime, hostIps, now } = input;
  const previous = pod.status;
  const initStatuses = initContainersOf(pod).map((spec) =>
    containerStatus(input, spec, find(previous?.initContainerStatuses, spec.name), {
      init: true,
      initialWaiting: "PodInitializing",
    }),
  );
  const initialised = initDone(pod, initStatuses);
  const initialWaiting = initialised ? "ContainerCreating" : "PodInitializing";
  const statuses = containersOf(pod).map((spec) =>
    containerStatus(input, spec, find(previous?.containerStatuses, spec.name), {
      init: false,
      initialWaiting,
    }),
  );
  const phase = phaseOf(input, initStatuses, statuses);
  const sandbox = readySandboxOf(runtime);
  const ips = isHostNetwork(pod)
    ? sandbox === undefined
      ? []
      : hostIps
    : (runtime?.sandboxes[0]?.ips ?? []);
  const kept = ips.length > 0 ? [...ips] : (previous?.podIPs ?? []).map((item) => item.ip);
  const updates = [
    { type: "PodReadyToStartContainers", ok: sandbox !== undefined },
    initializedCondition(pod, initStatuses, phase),
    ...readyConditions(pod, statuses, initStatuses, phase),
  ];
  return {
    phase,
    conditions: conditions(pod, updates, now),
    ...(input.verdict ?? verdictOf(previous)),
    hostIP: hostIps[0] ?? "",
    hostIPs: hostIps.map((ip) => ({ ip })),
    ...(kept.length === 0 ? {} : { podIP: kept[0]!, podIPs: kept.map((ip) => ({ ip })) }),
    startTime: previous?.startTime ?? formatTime(now),
    ...(initStatuses.length === 0 ? {} : { initContainerStatuses: initStatuses }),
    containerStatuses: statuses,
    qosClass: qosClassOf(pod),
  };
}

function verdictOf(status: PodObject["status"]): { reason?: string; message?: string } {
  return {
    ...(status?.reason === undefined ? {} : { reason: status.reason }),
    ...(status?.message === undefined ? {} : { message: status.message }),
  };
}

/** A Pod that has ended for good never comes back, and one that the node ended has failed. */
function phaseOf(
  input: PodStatusInput,
  init: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
): PodPhase {
  if (isTerminal(input.pod)) return input.pod.status!.phase as PodPhase;
  if (input.verdict !== undefined) return "Failed";
  const phase = podPhase(input.pod, init, statuses, { ended: input.ended });
  return input.replacing && (phase === "Succeeded" || phase === "Failed") ? "Running" : phase;
}

function find<T extends { readonly name: string }>(
  list: readonly T[] | undefined,
  name: string,
): T | undefined {
  return list?.find((item) => item.name === name);
}

function initDone(pod: PodObject, statuses: readonly ContainerStatus[]): boolean {
  return incompleteInit(pod, statuses).length === 0;
}

function incompleteInit(pod: PodObject, statuses: readonly ContainerStatus[]): string[] {
  return initContainersOf(pod)
    .filter((spec) => {
      const status = find(statuses, spec.name);
      return isSidecar(spec) ? status?.started !== true : status?.ready !== true;
    })
    .map((spec) => spec.name);
}

function initializedCondition(pod: PodObject, statuses: readonly ContainerStatus[], phase: PodPhase): Update {
  const type = "Initialized";
  if (phase === "Succeeded") return { type, ok: true, reason: "PodCompleted" };
  const incomplete = incompleteInit(pod, statuses);
  if (incomplete.length === 0 || phase === "Running") return { type, ok: true };
  return {
    type,
    ok: false,
    reason: "ContainersNotInitialized",
    message: `containers with incomplete status: [${incomplete.join(" ")}]`,
  };
}

function readyConditions(
  pod: PodObject,
  statuses: readonly ContainerStatus[],
  init: readonly ContainerStatus[],
  phase: PodPhase,
): Update[] {
  const both = (rest: Omit<Update, "type">): Update[] => [
    { type: "Ready", ...rest },
    { type: "ContainersReady", ...rest },
  ];
  if (phase === "Succeeded") return both({ ok: false, reason: "PodCompleted" });
  if (phase === "Failed") return both({ ok: false, reason: "PodFailed" });
  const unready = allContainersOf(pod)
    .filter((spec) => containersOf(pod).includes(spec) || isSidecar(spec))
    .filter((spec) => (find(statuses, spec.name) ?? find(init, spec.name))?.ready !== true)
    .map((spec) => spec.name);
  if (unready.length > 0) {
    const message = `containers with unready status: [${unready.join(" ")}]`;
    return both({ ok: false, reason: "ContainersNotReady", message });
  }
  const gates = (specOf(pod).readinessGates ?? []).filter(
    (gate) => pod.status?.conditions?.find((item) => item.type === gate.conditionType)?.status !== "True",
  );
  if (gates.length === 0) return both({ ok: true });
  const message = gates.map(
    (gate) => `the status of pod readiness gate "${gate.conditionType}" is not "True"`,
  );
  return [
    { type: "Ready", ok: false, reason: "ReadinessGatesNotReady", message: message.join(", ") },
    { type: "ContainersReady", ok: true },
  ];
}

function conditions(pod: PodObject, updates: readonly Update[], now: Date): PodCondition[] {
  let list = structuredClone(
    (pod.status?.conditions ?? []) as DeepReadonly<PodCondition[]>,
  ) as PodCondition[];
  for (const { type, ok, reason, message } of updates) {
    list = setCondition(
      list as never,
      {
        type,
        status: ok ? "True" : "False",
        ...(reason === undefined ? {} : { reason }),
        ...(message === undefined ? {} : { message }),
      },
      now,
    ) as PodCondition[];
  }
  if (!list.some((item) => item.type === "PodScheduled")) {
    list = setCondition(list as never, { type: "PodScheduled", status: "True" }, now) as PodCondition[];
  }
  return list;
}
