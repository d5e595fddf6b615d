import { isKubeletCatchingUp, type Pod } from "@jdos/api";
import type { Stored } from "@jdos/client";
import { appFlags, containerStatuses, stillServing, wantedPods, warningsAbout } from "../facts.ts";
import type { Situation } from "../situations.ts";
import type { World } from "../world.ts";

interface Waiting {
  pod: Stored<Pod>;
  container: string;
  image: string;
  reason: string;
  message: string;
}

/** The first container that waits for one of these reasons. */
function waitingFor(world: World, reasons: readonly string[]): Waiting | undefined {
  for (const pod of wantedPods(world)) {
    for (const { name, image, state } of containerStatuses(pod)) {
      const reason = state?.waiting?.reason;
      if (reason !== undefined && reasons.includes(reason)) {
        return { pod, container: name, image, reason, message: state?.waiting?.message ?? "" };
      }
    }
  }
  return undefined;
}

const PULL_REASONS = [
  "ImagePullBackOff",
  "ErrImagePull",
  "ErrImageNeverPull",
  "InvalidImageName",
  "ImageInspectError",
];

export const imageNotPulled: Situation = (world) => {
  const waiting = waitingFor(world, PULL_REASONS);
  if (waiting === undefined) return undefined;
  const event = warningsAbout(world, waiting.pod.metadata.name, "Failed").find(
    ({ message }) => message?.includes("pull") === true,
  );
  const detail =
    waiting.reason === "ImagePullBackOff"
      ? (event?.message ?? waiting.message)
      : waiting.message || (event?.message ?? "");
  const image = imageOf(waiting);
  return {
    situation: "ImagePullFailed",
    healthy: false,
    sentence: `Image "${image}" cannot be pulled: ${pullFault(detail, waiting.reason)}${stillServing(world)}`,
    evidence: [{ from: `Pod/${waiting.pod.metadata.name}`, text: `${waiting.reason}: ${detail}` }],
    nextStep: pullStep({ image, detail }, world),
  };
};

/** The host an image reference names; without one it is Docker Hub's, as containerd reads it. */
function registryOf(image: string): string {
  const [first = "", ...rest] = image.split("/");
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  return isHost ? first : "docker.io";
}

function imageOf({ pod, container, image }: Waiting): string {
  return pod.spec?.containers.find(({ name }) => name === container)?.image ?? image;
}

function pullFault(detail: string, reason: string): string {
  if (reason === "InvalidImageName") return "its name is not a valid image reference";
  if (reason === "ErrImageNeverPull") return "it is not on the node, and the pull policy forbids fetching it";
  if (/not found|manifest unknown|404/i.test(detail)) return "the registry does not have it";
  if (/unauthorized|denied|403|401/i.test(detail)) return "the registry refuses access to it";
  if (/no such host|connection refused|timeout|i\/o|dial tcp|lookup/i.test(detail))
    return "its registry does not answer";
  return detail === ""
    ? reason
    : (detail.split(/failed to (?:pull and unpack|resolve|extract)[^:]*(?::\d+)?[^:]*: /).at(-1) ?? detail);
}

function pullStep({ image, detail }: { image: string; detail: string }, world: World): string {
  if (/no such host|connection refused|timeout|dial tcp|lookup/i.test(detail)) {
    const registry = registryOf(image);
    if (!image.startsWith(world.imagePrefix))
      return `See that this machine reaches the registry "${registry}"; images of this platform begin with ${world.imagePrefix}, and an administrator can name a mirror of others in registry.mirrors`;
    return "See that the registry runs and can be reached (jdos status), then wait: the pull is repeated";
  }
  return `Check the image's name and deploy again, or return to the last release: jdos rollback ${appFlags(world)}`;
}

export const configurationMissing: Situation = (world) => {
  const waiting = waitingFor(world, ["CreateContainerConfigError"]);
  if (waiting === undefined || isKubeletCatchingUp(waiting.message)) return undefined;
  return {
    situation: "ConfigurationMissing",
    healthy: false,
    sentence: `Container "${waiting.container}" cannot be configured: ${waiting.message}${stillServing(world)}`,
    evidence: [{ from: `Pod/${waiting.pod.metadata.name}`, text: waiting.message }],
    nextStep: `Make the secret that the message names (jdos secrets set NAME KEY=VALUE --system ${world.application.metadata.namespace}), or take its variable out (jdos env unset NAME ${appFlags(world)})`,
  };
};

export const volumeMissing: Situation = (world) => {
  for (const pod of wantedPods(world)) {
    const event = warningsAbout(world, pod.metadata.name, "FailedMount")[0];
    if (event === undefined || pod.status?.phase !== "Pending") continue;
    return {
      situation: "VolumeMissing",
      healthy: false,
      sentence: `Pod "${pod.metadata.name}" cannot start: a volume of it cannot be mounted: ${event.message}${stillServing(world)}`,
      evidence: [{ from: `event of Pod/${pod.metadata.name}`, text: event.message ?? "" }],
      nextStep: "Create what the message names; the Pod then starts by itself",
    };
  }
  return undefined;
};

export const networkMissing: Situation = (world) => {
  for (const pod of wantedPods(world)) {
    const event = warningsAbout(world, pod.metadata.name, "FailedCreatePodSandBox")[0];
    if (event === undefined || pod.status?.phase !== "Pending" || pod.status.podIP !== undefined) continue;
    return {
      situation: "NetworkMissing",
      healthy: false,
      sentence: `Pod "${pod.metadata.name}" cannot start: its sandbox or its network cannot be set up${stillServing(world)}`,
      evidence: [{ from: `event of Pod/${pod.metadata.name}`, text: event.message ?? "" }],
      nextStep: "Wait: it is tried again; if it stays so, look at jdos status and the log of the platform",
    };
  }
  return undefined;
};

const START_REASONS = ["CreateContainerError", "RunContainerError", "StartError", "ContainerCannotRun"];

/** The container was made but its command cannot be executed. */
export const wontStart: Situation = (world) => {
  const waiting = waitingFor(world, START_REASONS) ?? endedBeforeStart(world);
  if (waiting === undefined) return undefined;
  const missing = /exec: "([^"]+)"|stat ([^:\s]+): no such file/.exec(waiting.message);
  const command = missing?.[1] ?? missing?.[2];
  const fault =
    command === undefined
      ? waiting.message
      : `its command "${command}" is not in the image or cannot be executed`;
  return {
    situation: "WontStart",
    healthy: false,
    sentence: `Container "${waiting.container}" cannot be started: ${fault}${stillServing(world)}`,
    evidence: [{ from: `Pod/${waiting.pod.metadata.name}`, text: `${waiting.reason}: ${waiting.message}` }],
    nextStep: "Correct the application's command, or put the program into the image, and deploy again",
  };
};

function endedBeforeStart(world: World): Waiting | undefined {
  for (const pod of wantedPods(world)) {
    for (const { name, image, state, lastState } of containerStatuses(pod)) {
      const end = state?.terminated ?? lastState?.terminated;
      if (end?.reason !== undefined && START_REASONS.includes(end.reason)) {
        return { pod, container: name, image, reason: end.reason, message: end.message ?? "" };
      }
    }
  }
  return undefined;
}
