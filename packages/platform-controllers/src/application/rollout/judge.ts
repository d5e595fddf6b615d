import {
  type AnswerCounts,
  CANARY_TRAFFIC_ANNOTATION,
  type CanaryTraffic,
  DEFAULT_MAX_ERROR_PERCENT,
  type Deployment,
  imageChangeOf,
  type Pod,
  readCanaryTraffic,
  restartsOf,
} from "@jdos/api";
import { findCondition } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import { podTrouble } from "../pod-trouble.ts";
import { DEFAULT_PROGRESS_DEADLINE_SECONDS } from "../render/deployment.ts";
import { stalledMessage } from "./deployment-state.ts";
import type { RolloutWorld } from "./rollout-world.ts";

/** Failed starts after which a container is not waited for any longer; the first ones are somebody's to read. */
const RESTARTS_TOLERATED = 2;
/** What kubelet says of an image that it cannot get, and how long a Pod that was changed in place waits for it. */
const IMAGE_MISSING: ReadonlySet<string> = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "ErrImageNeverPull",
  "InvalidImageName",
]);
const IMAGE_SECONDS = 30;
/** Fewer answers of the canary say nothing. */
const MIN_REQUESTS = 20;

/** Why Pods of the wanted Release will not get ready: they crash again and again, or their Deployment's time is over. */
export function failingPods(
  { pods, application, now }: RolloutWorld,
  deployment: Stored<Deployment> | undefined,
): string | undefined {
  const crashing = pods.filter(isCrashLooping);
  const crash = crashing.length === 0 ? undefined : podTrouble(crashing)?.message;
  if (crash !== undefined) return `it does not get ready: ${crash}`;
  const stalled = stalledMessage(deployment);
  const without = pods.find((pod) => isWithoutImage(pod, now));
  if (without !== undefined) return `it does not get ready: ${podTrouble([without])?.message}`;
  const limit = application.spec.rollout?.progressDeadlineSeconds ?? DEFAULT_PROGRESS_DEADLINE_SECONDS;
  const lost = pods.find((pod) => unreadySeconds(pod, now) > limit);
  if (stalled === undefined && lost === undefined) return undefined;
  const why = podTrouble(pods)?.message;
  const what = stalled ?? `Pod ${lost?.metadata.name} was not ready for ${limit} s`;
  return why === undefined ? what : `${what}: ${why}`;
}

/** A Pod that gave up the image it had for one that cannot be had: every other rollout could wait for it. */
function isWithoutImage(pod: Stored<Pod>, now: Date): boolean {
  const change = imageChangeOf(pod);
  if (change === undefined || pod.metadata.deletionTimestamp !== undefined) return false;
  const isPulled = pod.status?.containerStatuses?.every(
    ({ state }) => !IMAGE_MISSING.has(state?.waiting?.reason ?? ""),
  );
  return isPulled === false && (now.getTime() - Date.parse(change.at)) / 1000 > IMAGE_SECONDS;
}

/** What was counted since the canary has this weight. */
export function trafficAt({ beside }: RolloutWorld, weight: number): CanaryTraffic | undefined {
  const traffic = readCanaryTraffic(beside.ingress?.metadata.annotations?.[CANARY_TRAFFIC_ANNOTATION]);
  return traffic?.weight === weight ? traffic : undefined;
}

/** Whether the canary answers with too many errors, by what the load balancer counted. */
export function failingAnswers(world: RolloutWorld, weight: number): string | undefined {
  const traffic = weight === 0 ? undefined : trafficAt(world, weight);
  if (traffic === undefined || traffic.canary.requests < MIN_REQUESTS) return undefined;
  const limit = world.application.spec.rollout?.canary?.maxErrorPercent ?? DEFAULT_MAX_ERROR_PERCENT;
  const [canary, stable] = [errorPercent(traffic.canary), errorPercent(traffic.stable)];
  if (canary - stable <= limit) return undefined;
  const { errors, requests } = traffic.canary;
  return `${canary.toFixed(1)} % of its answers are errors (${errors} of ${requests}), of the others ${stable.toFixed(1)} %`;
}

function errorPercent({ requests, errors }: AnswerCounts): number {
  return requests === 0 ? 0 : (100 * errors) / requests;
}

function isCrashLooping(pod: Stored<Pod>): boolean {
  const { metadata, status } = pod;
  if (metadata.deletionTimestamp !== undefined) return false;
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].some(
    (container) =>
      container.state?.waiting?.reason === "CrashLoopBackOff" &&
      restartsOf(pod, container) >= RESTARTS_TOLERATED,
  );
}

/** Since it has its image. */
function unreadySeconds(pod: Stored<Pod>, now: Date): number {
  const { metadata, status } = pod;
  const ready = findCondition(status?.conditions, "Ready");
  if (metadata.deletionTimestamp !== undefined || ready?.status !== "False") return 0;
  const since = Date.parse(ready.lastTransitionTime ?? now.toISOString());
  return (now.getTime() - Math.max(since, Date.parse(imageChangeOf(pod)?.at ?? "1970-01-01"))) / 1000;
}
