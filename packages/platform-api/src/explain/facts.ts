import {
  type Application,
  BUILD_LABEL,
  type Build,
  type ContainerStatus,
  canaryName,
  type Deployment,
  type Event,
  type Pod,
  RELEASE_LABEL,
  type Release,
  type RolloutStatus,
} from "@jdos/api";
import type { Condition, DeepReadonly } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import type { World } from "./world.ts";

type Status = DeepReadonly<ContainerStatus>;

/** A condition by type, from any object's status. */
export function conditionOf(
  object: { readonly status?: { readonly conditions?: readonly DeepReadonly<Condition>[] } } | undefined,
  type: string,
): DeepReadonly<Condition> | undefined {
  return object?.status?.conditions?.find((condition) => condition.type === type);
}

export function newestBuild(world: World): Stored<Build> | undefined {
  return [...world.builds].sort((a, b) => b.spec.number - a.spec.number)[0];
}

export function newestRelease(world: World): Stored<Release> | undefined {
  return [...world.releases].sort((a, b) => b.spec.number - a.spec.number)[0];
}

/** The Release that what runs is rendered from. */
export function wantedRelease(world: World): Stored<Release> | undefined {
  return world.releases.find((release) => release.spec.number === world.application.spec.release);
}

/** The number that the wanted Release's Pods carry: its own, or that of the Release whose Pods it keeps. */
function podsNumber(world: World): number | undefined {
  return wantedRelease(world)?.spec.podsOf ?? world.application.spec.release;
}

export function releaseNumberOf(pod: Stored<Pod>): number | undefined {
  const digits = /(\d+)$/.exec(pod.metadata.labels?.[RELEASE_LABEL] ?? "")?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Pods of the wanted Release that are not going away; all that are not going away when none carries its number. */
export function wantedPods(world: World): readonly Stored<Pod>[] {
  const living = world.pods.filter((pod) => pod.metadata.deletionTimestamp === undefined && !isBuildPod(pod));
  const wanted = living.filter((pod) => releaseNumberOf(pod) === podsNumber(world));
  return wanted.length > 0 ? wanted : living;
}

/** The Deployment that has the Pods of the wanted Release: the one beside the application's own while it is tried. */
export function deploymentOf(
  application: Stored<Application>,
  releases: readonly Stored<Release>[],
  deployments: readonly Stored<Deployment>[],
): Stored<Deployment> | undefined {
  const { name } = application.metadata;
  const wanted = releases.find(({ spec }) => spec.number === application.spec.release);
  const number = String(wanted?.spec.podsOf ?? application.spec.release);
  const isWanted = ({ spec }: Stored<Deployment>): boolean =>
    spec?.template.metadata?.labels?.[RELEASE_LABEL] === number;
  const own = deployments.find(({ metadata }) => metadata.name === name);
  const beside = deployments.find(({ metadata }) => metadata.name === canaryName(name));
  return beside !== undefined && isWanted(beside) && (own === undefined || !isWanted(own)) ? beside : own;
}

/** How the wanted Release is being tried; undefined when it is not, no more, or rolls out as without a strategy. */
export function rolloutUnderWay(application: Stored<Application>): RolloutStatus | undefined {
  const rollout = application.status?.rollout as RolloutStatus | undefined;
  if (rollout === undefined || rollout.release !== application.spec.release) return undefined;
  if (rollout.strategy === "Rolling") return undefined;
  return rollout.phase === "Complete" || rollout.phase === "Aborted" ? undefined : rollout;
}

/** Why the wanted Release goes to new Pods although it was to go in place; undefined when it does not. */
export function rollsInstead(application: Stored<Application>): string | undefined {
  const rollout = application.status?.rollout;
  const isThis = rollout?.release === application.spec.release && rollout?.phase === "Progressing";
  return isThis && rollout?.strategy === "Rolling" ? rollout.message : undefined;
}

/** Why Pods are held back although nothing keeps them from starting; undefined when none are. */
export function heldBack(application: Stored<Application>): string | undefined {
  const { spread } = application.status ?? {};
  return spread === undefined ? undefined : (spread.message ?? `Nodes pull ${spread.image}`);
}

export function isBuildPod(pod: Stored<Pod>): boolean {
  return pod.metadata.labels?.[BUILD_LABEL] !== undefined;
}

export function isPodReady(pod: Stored<Pod>): boolean {
  return (
    pod.metadata.deletionTimestamp === undefined && conditionOf(pod as never, "Ready")?.status === "True"
  );
}

/** Pods of another Release than the wanted one that serve now. */
export function earlierReleaseServing(world: World): number | undefined {
  const serving = world.pods.filter((pod) => isPodReady(pod) && !isBuildPod(pod));
  return serving.map(releaseNumberOf).find((number) => number !== undefined && number !== podsNumber(world));
}

/** Init containers first: they start first. */
export function containerStatuses(pod: Stored<Pod>): readonly Status[] {
  return [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
}

/** Warnings about one object, the latest first. */
export function warningsAbout(world: World, name: string, reason?: string): readonly Stored<Event>[] {
  return world.events
    .filter(
      (event) =>
        event.type === "Warning" &&
        event.involvedObject.name === name &&
        (reason === undefined || event.reason === reason),
    )
    .sort((a, b) => eventTime(b).localeCompare(eventTime(a)));
}

export function eventTime(event: Stored<Event>): string {
  return event.lastTimestamp ?? event.eventTime ?? event.firstTimestamp ?? event.metadata.creationTimestamp;
}

/** The last non-empty lines of a container's log; of the previous instance when the present one says nothing. */
export function lastLines(world: World, pod: string, container: string, count = 5): readonly string[] {
  const logs = world.logs.filter((log) => log.pod === pod && log.container === container);
  const ordered = [...logs].sort((a, b) => Number(a.previous) - Number(b.previous));
  for (const log of ordered) {
    const lines = log.lines.filter((line) => line.trim() !== "");
    if (lines.length > 0) return lines.slice(-count);
  }
  return [];
}

/** The port the routes' traffic goes to. */
export function firstPort(world: World): number {
  const run = wantedRelease(world)?.spec.run ?? world.application.spec.run;
  return run?.ports?.[0]?.port ?? 8080;
}

export function appFlags(world: World): string {
  return `--system ${world.application.metadata.namespace} --app ${world.application.metadata.name}`;
}

/** "; release 2 keeps serving", or nothing. */
export function stillServing(world: World): string {
  const number = earlierReleaseServing(world);
  return number === undefined ? "" : `; release ${number} keeps serving`;
}
